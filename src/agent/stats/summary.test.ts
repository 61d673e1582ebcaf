import assert from "node:assert/strict";
import { test } from "node:test";
import type { Host } from "#host";
import type { ContainerRuntime } from "#runtime";
import { settled, VirtualClock } from "#testing";
import type { Pods } from "../pods/pods.ts";
import { createSummary } from "./summary.ts";

interface Summary {
  readonly node: { readonly cpu: object; readonly memory: object; readonly fs: object };
  readonly pods: readonly {
    readonly podRef: object;
    readonly cpu: { readonly usageNanoCores: number };
    readonly containers: readonly { readonly name: string; readonly cpu: { usageNanoCores?: number } }[];
  }[];
}

/** A node with one pod, whose container `main` uses half a core all the time, as the whole machine uses one. */
function node() {
  const clock = new VirtualClock();
  const looks = { count: 0 };
  const containers: Record<string, object> = { main: { run: { is: "running", id: "main-0" } } };
  const runtime = {
    async stats(id: string) {
      if (id === "main-0") looks.count += 1;
      const cpuUsageNanoseconds = clock.now() * 500_000;
      return { at: clock.now(), cpuUsageNanoseconds, memoryUsageBytes: 20, memoryWorkingSetBytes: 10 };
    },
  };
  const pod = { metadata: { name: "web", namespace: "shop", uid: "u1" } };
  const workers = new Map([["u1", { pod, observation: { containers, startedAt: 0 } }]]);
  const files = {
    read: async (path: string) =>
      path === "/proc/stat"
        ? `cpu  ${clock.now() / 10} 0 0 99 99 0 0 0\n`
        : "MemTotal: 4 kB\nMemAvailable: 3 kB\n",
    space: async () => ({ totalBytes: 100, availableBytes: 60, totalInodes: 10, availableInodes: 9 }),
  };
  const summary = createSummary({
    host: { files } as unknown as Host,
    runtime: runtime as unknown as ContainerRuntime,
    pods: { workers } as unknown as Pods,
    clock,
    nodeName: "n1",
    storage: "/",
  });
  /** Lets as much time pass as the answer takes. */
  const ask = async () => {
    const begunAt = clock.monotonicMs();
    const answer = summary() as Promise<Summary>;
    await settled();
    if (clock.pending > 0) await clock.advance(500);
    return { ...(await answer), tookMs: clock.monotonicMs() - begunAt };
  };
  return { clock, looks, containers, ask };
}

test("who asks for the first time waits a moment, and is told of rates", async () => {
  const { looks, ask } = node();
  const { pods, node: machine, tookMs } = await ask();
  assert.deepEqual([tookMs, looks.count], [500, 2]);
  assert.deepEqual(pods[0]?.podRef, { name: "web", namespace: "shop", uid: "u1" });
  assert.equal(pods[0]?.cpu.usageNanoCores, 500_000_000);
  const { time: _, ...cpu } = machine.cpu as { time: string; usageNanoCores: number };
  assert.equal(cpu.usageNanoCores, 1_000_000_000);
  const { workingSetBytes } = machine.memory as { workingSetBytes: number };
  const { usedBytes } = machine.fs as { usedBytes: number };
  assert.deepEqual([workingSetBytes, usedBytes], [1024, 40]);
});

test("who asks a little later has the answer at once, who asks much later does not get the mean of all that time", async () => {
  const { clock, looks, ask } = node();
  await ask();
  await clock.advance(5_000);
  assert.deepEqual([(await ask()).tookMs, looks.count], [0, 3]);
  await clock.advance(60_000);
  assert.deepEqual([(await ask()).tookMs, looks.count], [500, 5]);
});

test("a container that was not there a moment ago has no rate yet", async () => {
  const { clock, containers, ask } = node();
  await ask();
  await clock.advance(1_000);
  containers.main = { run: { is: "running", id: "main-1" } };
  containers.waiting = { run: { is: "absent" } };
  const { pods } = await ask();
  assert.deepEqual(
    pods[0]?.containers.map(({ name, cpu }) => [name, cpu.usageNanoCores]),
    [["main", undefined]],
  );
});
