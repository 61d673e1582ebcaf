import assert from "node:assert/strict";
import { test } from "node:test";
import type { Host } from "#host";
import { evictionMessage } from "./eviction-message.ts";
import { readSignals, type Signal, starved } from "./signals.ts";

interface Traits {
  readonly memoryKb?: number;
  readonly availableBytes?: number;
  readonly availableInodes?: number;
  readonly totalInodes?: number;
}

async function starvedOn(traits: Traits): Promise<string[]> {
  const { memoryKb = 200_000, availableBytes = 500, availableInodes = 500, totalInodes = 1000 } = traits;
  const files = {
    read: async () => `MemTotal: 4000000 kB\nMemAvailable: ${memoryKb} kB\n`,
    space: async () => ({ totalBytes: 1000, availableBytes, totalInodes, availableInodes }),
  };
  const signals = await readSignals({ files } as unknown as Pick<Host, "files">, { storage: "/" });
  return starved(signals).map(({ name }) => name);
}

test("the thresholds are 100Mi, 10 % of the disk, 5 % of the inodes", async () => {
  assert.deepEqual(await starvedOn({}), []);
  assert.deepEqual(await starvedOn({ memoryKb: 102_400 }), []);
  assert.deepEqual(await starvedOn({ memoryKb: 102_399 }), ["memory.available"]);
  assert.deepEqual(await starvedOn({ availableBytes: 100 }), []);
  assert.deepEqual(await starvedOn({ availableBytes: 99 }), ["nodefs.available", "imagefs.available"]);
  assert.deepEqual(await starvedOn({ availableInodes: 49 }), ["nodefs.inodesFree"]);
  assert.deepEqual(await starvedOn({ availableInodes: 0, totalInodes: 0 }), []);
});

test("who is evicted is told why in the kubelet's words, container by container", () => {
  const signal: Signal = {
    name: "memory.available",
    resource: "memory",
    available: 50 * 2 ** 20,
    threshold: 100 * 2 ** 20,
  };
  const resources = { requests: { memory: "1024Mi" } };
  const pod = {
    spec: { containers: [{ name: "web" }, { name: "modest", resources }, { name: "large", resources }] },
  };
  const usage = new Map(Object.entries({ web: 3 * 2 ** 20, modest: 2 ** 20, large: 2 ** 30 + 1024 }));
  assert.equal(
    evictionMessage(signal, pod, usage),
    "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. " +
      "Container web was using 3Mi, request is 0, has larger consumption of memory. " +
      "Container large was using 1048577Ki, request is 1Gi, has larger consumption of memory.",
  );
});
