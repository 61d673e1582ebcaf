import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { silentLogger, systemClock } from "#base";
import { createHost } from "#host";
import { tailOffset } from "./files.ts";
import { parseLogLine } from "./line.ts";

const host = createHost({ clock: systemClock, logger: silentLogger });
const entry = fc.oneof(
  fc.record({ tag: fc.constant("F"), text: fc.stringMatching(/^[a-zF ]{0,20}$/) }),
  fc.record({ tag: fc.constant("P"), text: fc.stringMatching(/^[a-zF ]{1,20}$/) }),
);

/** The output that a CRI log holds. */
function output(log: string): string {
  const entries = log.split("\n").flatMap((line) => parseLogLine(line) ?? []);
  return entries.map(({ partial, content }) => (partial ? content : `${content}\n`)).join("");
}

test("the end of a log is as many lines as were asked for, however they were cut", async () => {
  const directory = await mkdtemp(join(tmpdir(), "nacre-test-logs-"));
  const path = join(directory, "0.log");
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 20 }),
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 60, max: 200 }),
        async (entries, wanted, chunkBytes) => {
          const log = entries
            .map(({ tag, text }) => `2026-01-02T03:04:05.6Z stdout ${tag} ${text}\n`)
            .join("");
          await writeFile(path, log);
          const { offset, lines } = await tailOffset(host, path, wanted, chunkBytes);
          const whole = output(log)
            .split(/(?<=\n)/)
            .filter((line) => line !== "");
          assert.equal(lines, Math.min(wanted, whole.length));
          assert.equal(output(log.slice(offset)), wanted === 0 ? "" : whole.slice(-wanted).join(""));
        },
      ),
    );
  } finally {
    await rm(directory, { recursive: true });
  }
});
