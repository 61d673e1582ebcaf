import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { eventually } from "./eventually.ts";
import { execute, start } from "./processes.ts";

/** What the bench leaves behind when somebody does not wait for its end. */
const directory = await mkdtemp(join(tmpdir(), "nacre-test-"));
after(() => rm(directory, { recursive: true }));
const main = join(import.meta.dirname, "../bench/main.ts");

for (const { signal, code, moment, file } of [
  { signal: "SIGTERM", code: 143, moment: "while a machine is made", file: "." },
  { signal: "SIGINT", code: 130, moment: "while a cluster starts", file: "data/run/control-plane.pid" },
  { signal: "SIGTERM", code: 143, moment: "with a cluster that is up", file: "kubeconfig" },
] as const) {
  test(`${signal} ${moment} ends the bench, and leaves nothing behind`, async () => {
    // As in a terminal, which sends a signal to all that a command has started.
    const bench = start(process.execPath, [main, "memory"], {
      environment: { ...process.env, TMPDIR: directory },
      detached: true,
    });
    await eventually(moment, async () => {
      const [machine] = await readdir(directory);
      return machine !== undefined && existsSync(join(directory, machine, file));
    });
    process.kill(-bench.pid, signal);
    const { code: exitCode, stderr } = await bench.ended;
    assert.equal(exitCode, code, stderr);
    assert.deepEqual(await readdir(directory), [], stderr);
    const { stdout: namespaces } = await execute("ip", ["netns", "list"]);
    assert.ok(!namespaces.includes(`nacre-test-${bench.pid.toString(36)}`), namespaces);
    assert.deepEqual(await processesNaming(directory), []);
  });
}

async function processesNaming(text: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return commands.filter((command) => command.includes(text));
}
