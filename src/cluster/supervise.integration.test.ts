import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const skip = process.getuid?.() === 0 ? false : "needs root: nobody else may stand before others";

test("a program that stands before others is given the processor first, within its session and among sessions", {
  skip,
}, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "nacre-supervise-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const output = join(directory, "out");
  // Says what it was given, and ends its supervisor.
  const program = "nice; cat /proc/self/autogroup 2>/dev/null; kill -TERM $PPID; exec sleep 30";
  const supervisor = join(import.meta.dirname, "supervise.sh");
  // A session of its own, as every supervisor has: this test's is left as it is.
  const words = ["--wait", "sh", supervisor, join(directory, "pid"), output, "-10", "sh", "-c", program];
  await promisify(execFile)("setsid", words);
  const [niceness, session] = (await readFile(output, "utf8")).trim().split("\n");
  assert.equal(niceness, "-10");
  if (session !== undefined) assert.match(session, / nice -10$/);
});
