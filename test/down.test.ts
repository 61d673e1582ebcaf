import assert from "node:assert/strict";
import { mkdir, readdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { after, test } from "node:test";
import { createMachine } from "./machine.ts";
import { execute } from "./processes.ts";

/** A cluster whose data directory is a disk of its own, as people have it who keep data apart from the system. */
const machine = await createMachine();
await mkdir(machine.data);
await execute("mount", ["-t", "tmpfs", "-o", "mode=0700", "tmpfs", machine.data]);
after(async () => {
  await machine.nacre("down", "--purge", "--yes");
  await execute("umount", ["--lazy", machine.data]);
  await machine.remove();
});

test("down leaves the data where it is, also when it is a disk of its own", async () => {
  await machine.up();
  await machine.kubectl("create", "configmap", "kept", "--from-literal=word=pearl");
  await machine.nacre("down");
  assert.ok(await isMounted());
  assert.ok((await readdir(machine.data)).includes("cluster.json"));

  await machine.up();
  const kept = await machine.kubectl("get", "configmap", "kept", "-o", "jsonpath={.data.word}");
  assert.equal(kept.stdout, "pearl");
});

test("a purge empties such a disk and leaves it mounted", async () => {
  await machine.nacre("down", "--purge", "--yes");
  assert.ok(await isMounted());
  assert.deepEqual(await readdir(machine.data), []);
});

async function isMounted(): Promise<boolean> {
  return (await stat(machine.data)).dev !== (await stat(dirname(machine.data))).dev;
}
