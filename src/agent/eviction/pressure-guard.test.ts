import assert from "node:assert/strict";
import { test } from "node:test";
import { nodes, type PodSpec } from "#api";
import type { Host } from "#host";
import type { SimulatedRuntime } from "#runtime";
import { FakeApiServer } from "#testing";
import { eventually, type TestNode, testNode } from "../testing/test-agent.ts";

const mebibyte = 2 ** 20;

/** A node whose machine has so much memory, all of it for containers; each uses as many MiB as its name says: `use-100`. */
async function nodeWith({ memoryMebibytes }: { readonly memoryMebibytes: number }): Promise<TestNode> {
  let runtime: SimulatedRuntime | undefined;
  const used = async () => {
    let bytes = 0;
    for (const { id } of (await runtime?.containers()) ?? []) {
      bytes += (await runtime?.stats(id))?.memoryWorkingSetBytes ?? 0;
    }
    return bytes;
  };
  const meminfo = (bytes: number) =>
    `MemTotal: ${memoryMebibytes * 1024} kB\nMemAvailable: ${memoryMebibytes * 1024 - bytes / 1024} kB\n`;
  const node = await testNode({
    server: (clock) => new FakeApiServer(clock),
    behaviour: ({ name }) => ({ memoryBytes: Number(name.slice("use-".length)) * mebibyte }),
    files: (real) => ({
      ...real,
      read: async (path) => (path === "/proc/meminfo" ? meminfo(await used()) : real.read(path)),
    }),
  });
  runtime = node.runtime;
  return node;
}

function using(memoryMebibytes: number, spec: Partial<PodSpec> = {}): PodSpec {
  const resources = { requests: { memory: "50Mi" } };
  return { containers: [{ name: `use-${memoryMebibytes}`, image: "busybox", resources }], ...spec };
}

async function phases(node: TestNode, ...names: string[]): Promise<(string | undefined)[]> {
  return Promise.all(names.map(async (name) => (await node.pod(name))?.status?.phase));
}

async function condition(node: TestNode, type: string) {
  const { status } = await node.client.resource(nodes).get("node");
  return status?.conditions?.find((one) => one.type === type);
}

test("when memory runs out, who is furthest above its request goes, and says that it was not its fault", async () => {
  const node = await nodeWith({ memoryMebibytes: 2250 });
  try {
    const staying = ["modest", "greedy", "important", "critical"];
    await node.run("modest", using(10));
    await node.run("greedy", using(100));
    await node.run("important", using(1000, { priority: 1000 }));
    await node.run("critical", using(60, { priority: 2_000_001_000 }));
    for (const name of staying) {
      await node.until(name, "running", (pod) => pod?.status?.phase === "Running");
    }
    await node.run("greedier", using(1000));
    const { status } = await node.until("greedier", "evicted", (pod) => pod?.status?.phase === "Failed");
    const message =
      "The node was low on resource: memory. Threshold quantity: 100Mi, available: 80Mi. " +
      "Container use-1000 was using 1000Mi, request is 50Mi, has larger consumption of memory.";
    assert.deepEqual([status?.reason, status?.message], ["Evicted", message]);
    const target = status?.conditions?.find(({ type }) => type === "DisruptionTarget");
    assert.deepEqual([target?.status, target?.reason], ["True", "TerminationByKubelet"]);
    await eventually(async () => (await condition(node, "MemoryPressure"))?.status === "True");
    const met = "EvictionThresholdMet: Attempting to reclaim memory";
    assert.deepEqual(await node.told("node", met), [met]);
    assert.deepEqual(await phases(node, ...staying), Array(4).fill("Running"));
  } finally {
    await node.close();
  }
});

test("while memory is short one after the other goes, and never the system's own", async () => {
  const node = await nodeWith({ memoryMebibytes: 1000 });
  try {
    await node.run("critical", using(990, { priority: 2_000_001_000 }));
    for (const name of ["a", "b"]) await node.run(name, using(100));
    for (const name of ["a", "b"]) {
      await node.until(name, "evicted", (pod) => pod?.status?.phase === "Failed");
    }
    assert.deepEqual(await phases(node, "critical"), ["Running"]);
  } finally {
    await node.close();
  }
});

/** A node whose disk is nearly full while `isFull` says so. */
function nodeWithDisk(isFull: (files: Host["files"]) => Promise<boolean>): Promise<TestNode> {
  return testNode({
    server: (clock) => new FakeApiServer(clock),
    present: ["busybox", "unused"],
    files: (real) => ({
      ...real,
      space: async () => ({
        totalBytes: 1000,
        availableBytes: (await isFull(real)) ? 90 : 500,
        totalInodes: 0,
        availableInodes: 0,
      }),
    }),
  });
}

test("when the disk is full images that nobody uses go first, as soon as they are not new any more", async () => {
  let isFull = true;
  const node = await nodeWithDisk(async () => isFull);
  try {
    const names = async () => {
      const { status } = await node.client.resource(nodes).get("node");
      return (status?.images ?? []).flatMap((image) => image.names ?? []).join();
    };
    await node.agent.started;
    assert.match(await names(), /unused/);
    await eventually(async () => !(await names()).includes("unused"));
    isFull = false;
    assert.equal((await condition(node, "DiskPressure"))?.status, "True");
    await node.told("node", "EvictionThresholdMet: Attempting to reclaim ephemeral-storage");
  } finally {
    await node.close();
  }
});

test("when that is not enough, who takes most of the disk goes", async () => {
  let path: string | undefined;
  const node = await nodeWithDisk(async (files) => path !== undefined && (await files.exists(path)));
  try {
    const spec = {
      containers: [{ name: "main", image: "busybox" }],
      volumes: [{ name: "v", emptyDir: {} }],
    };
    for (const name of ["quiet", "writer"]) {
      await node.run(name, spec);
      await node.until(name, "running", (pod) => pod?.status?.phase === "Running");
    }
    const uid = (await node.pod("writer"))?.metadata?.uid;
    path = `${node.directory}/state/pods/${uid}/volumes/kubernetes.io~empty-dir/v/file`;
    await node.host.files.write(path, "x".repeat(mebibyte), { durable: false });
    const { status } = await node.until("writer", "evicted", (pod) => pod?.status?.phase === "Failed");
    assert.match(status?.message ?? "", /^The node was low on resource: ephemeral-storage\. Threshold/);
    assert.deepEqual(await phases(node, "quiet"), ["Running"]);
  } finally {
    await node.close();
  }
});

test("a node under pressure takes no pods that would make it worse", async () => {
  const node = await nodeWithDisk(async () => true);
  try {
    await node.agent.started;
    await node.run("late", { containers: [{ name: "main", image: "busybox" }] });
    const { status } = await node.until("late", "refused", (pod) => pod?.status?.phase === "Failed");
    assert.deepEqual(
      [status?.reason, status?.message],
      ["Evicted", "Pod was rejected: The node had condition: [DiskPressure]."],
    );
  } finally {
    await node.close();
  }
});
