import assert from "node:assert/strict";
import { test } from "node:test";
import { type PodSpec, pods } from "#api";
import { FakeApiServer } from "#testing";
import { testNode } from "../testing/test-agent.ts";

const main = { name: "main", image: "busybox" };
const spec: Partial<PodSpec> & Pick<PodSpec, "containers"> = {
  containers: [main],
  volumes: [{ name: "v", emptyDir: { sizeLimit: "1Mi" } }],
};
const big = "x".repeat(2 * 1024 * 1024);

test("a pod whose volume takes too much is evicted, and says why; what it took is given back", async () => {
  const node = await testNode({ server: (clock) => new FakeApiServer(clock) });
  try {
    await node.run("greedy", spec);
    await node.run("critical", { ...spec, priority: 2_000_000_000 });
    for (const name of ["greedy", "critical"]) {
      const { metadata } = await node.until(name, "running", (pod) => pod?.status?.phase === "Running");
      const volume = `${node.directory}/state/pods/${metadata?.uid}/volumes/kubernetes.io~empty-dir/v`;
      await node.host.files.write(`${volume}/file`, big, { durable: false });
    }
    const pod = await node.until("greedy", "evicted", (one) => one?.status?.phase === "Failed");
    const message = 'Usage of EmptyDir volume "v" exceeds the limit "1Mi".';
    assert.deepEqual([pod.status?.reason, pod.status?.message], ["Evicted", message]);
    await node.told("greedy", `Evicted: ${message}`);
    assert.equal((await node.pod("critical"))?.status?.phase, "Running");
    assert.deepEqual((await node.runtime.containers()).length, 1);
    await node.client.resource(pods, "default").delete("greedy");
    await node.until("greedy", "gone", (one) => one === undefined);
  } finally {
    await node.close();
  }
});

test("a container's log counts", async () => {
  const node = await testNode({ server: (clock) => new FakeApiServer(clock) });
  try {
    const resources = { limits: { "ephemeral-storage": "1Mi" } };
    await node.run("talker", {
      containers: [
        { ...main, resources },
        { ...main, name: "other", resources },
      ],
    });
    const { metadata } = await node.until("talker", "running", (pod) => pod?.status?.phase === "Running");
    const logs = `${node.directory}/logs/default_talker_${metadata?.uid}/main`;
    await node.host.files.makeDirectory(logs);
    await node.host.files.write(`${logs}/0.log`, big.slice(0, 1024 * 1024 + 8192), { durable: false });
    const pod = await node.until("talker", "evicted", (one) => one?.status?.phase === "Failed");
    assert.equal(pod.status?.message, 'Container main exceeded its local ephemeral storage limit "1Mi".');
  } finally {
    await node.close();
  }
});
