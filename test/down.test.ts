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
  await machine.up("--example", "hello");
  await machine.kubectl("create", "configmap", "kept", "--from-literal=word=pearl");
  await machine.nacre("down");
  assert.ok(await isMounted());
  assert.ok((await readdir(machine.data)).includes("cluster.json"));

  await machine.up();
  const kept = await machine.kubectl("get", "configmap", "kept", "-o", "jsonpath={.data.word}");
  assert.equal(kept.stdout, "pearl");
});

test("pods come back under new addresses, which their service knows", async () => {
  const ready = "--for=jsonpath={.status.containerStatuses[0].restartCount}=1";
  await machine.kubectl("wait", "pod", "-l", "app=hello", ready, "--timeout=60s");
  await machine.kubectl("wait", "pod", "-l", "app=hello", "--for=condition=Ready", "--timeout=60s");
  const { stdout } = await machine.kubectl("get", "pods", "-l", "app=hello", "-o", "json");
  const pods = (JSON.parse(stdout) as PodList).items;
  assert.equal(pods.length, 3);
  for (const { status } of pods) assert.deepEqual(status.podIPs, [{ ip: status.podIP }]);
  // They were asked to end, and what they said then can still be read.
  for (const { metadata } of pods) {
    const { stdout: before } = await machine.kubectl("logs", metadata.name, "--previous");
    assert.match(before, /draining/);
  }

  await machine.nacre("up", "--example", "hello");
  for (let request = 0; request < 6; request += 1) {
    const answer = await machine.run("curl", ["-sS", "--max-time", "2", "http://127.0.0.1:30080"]);
    assert.match(answer.stdout, /^Hello from hello-/);
  }
});

test("a purge empties such a disk and leaves it mounted", async () => {
  await machine.nacre("down", "--purge", "--yes");
  assert.ok(await isMounted());
  assert.deepEqual(await readdir(machine.data), []);
});

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: { readonly podIP: string; readonly podIPs: unknown };
  }[];
}

async function isMounted(): Promise<boolean> {
  return (await stat(machine.data)).dev !== (await stat(dirname(machine.data))).dev;
}
