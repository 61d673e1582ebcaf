import assert from "node:assert/strict";
import { test } from "node:test";
import { pods } from "#api";
import { FakeApiServer } from "#testing";
import { testNode as startNode, type TestNodeOptions } from "./testing/test-agent.ts";

const testNode = (options: Partial<TestNodeOptions> = {}) =>
  startNode({ server: (clock) => new FakeApiServer(clock), ...options });

test("a pod bound to the node runs, is ready, and leaves nothing behind when deleted", async () => {
  const node = await testNode();
  try {
    await node.run("web", { containers: [{ name: "main", image: "busybox" }] });
    const pod = await node.until("web", "ready", (one) =>
      Boolean(
        one?.status?.conditions?.some(
          (condition) => condition.type === "Ready" && condition.status === "True",
        ),
      ),
    );
    assert.equal(pod.status?.phase, "Running");
    assert.equal(pod.status?.podIP, "10.244.0.2");
    assert.equal(pod.status?.hostIP, "192.0.2.1");
    const [status] = pod.status?.containerStatuses ?? [];
    assert.equal(status?.ready, true);
    assert.equal(status?.restartCount, 0);
    assert.match(status?.containerID ?? "", /^nacre:\/\/[0-9a-f]{64}$/);
    assert.deepEqual((await node.events("web")).slice(-2), [
      "Created: Created container: main",
      "Started: Started container main",
    ]);
    await node.client.resource(pods, "default").delete("web");
    await node.until("web", "gone", (one) => one === undefined);
    assert.deepEqual(await node.runtime.sandboxes(), []);
    assert.deepEqual(await node.runtime.containers(), []);
    assert.deepEqual(await node.host.files.list(`${node.directory}/state/pods`), []);
  } finally {
    await node.close();
  }
});

test("a container that crashes is restarted at once, then with back-off", async () => {
  const node = await testNode({ behaviour: () => ({ runsMs: 1000, exitCode: 3 }) });
  try {
    await node.run("crash", { containers: [{ name: "main", image: "busybox" }] });
    const pod = await node.until(
      "crash",
      "held back",
      (one) => one?.status?.containerStatuses?.[0]?.state?.waiting?.reason === "CrashLoopBackOff",
    );
    const [status] = pod.status?.containerStatuses ?? [];
    assert.equal(status?.restartCount, 1);
    assert.equal(status?.lastState?.terminated?.exitCode, 3);
    assert.equal(status?.lastState?.terminated?.reason, "Error");
    assert.match(
      status?.state?.waiting?.message ?? "",
      /^back-off 10s restarting failed container=main pod=crash_default\(/,
    );
    assert.equal(pod.status?.phase, "Running");
    await node.until(
      "crash",
      "restarted twice",
      (one) => (one?.status?.containerStatuses?.[0]?.restartCount ?? 0) >= 2,
    );
  } finally {
    await node.close();
  }
});

test("a new agent adopts what runs, and records what ended meanwhile", async () => {
  const node = await testNode();
  try {
    await node.run("web", {
      containers: [
        { name: "main", image: "busybox" },
        { name: "side", image: "busybox" },
      ],
    });
    const before = await node.until(
      "web",
      "all running",
      (one) =>
        (one?.status?.containerStatuses ?? []).length === 2 &&
        (one?.status?.containerStatuses ?? []).every((status) => status.ready),
    );
    await node.agent.close();
    const side = (await node.runtime.containers()).find((one) => one.name === "side");
    node.runtime.exit(side?.id ?? "", 9);
    await node.restart();
    const after = await node.until(
      "web",
      "restarted",
      (one) => one?.status?.containerStatuses?.find((status) => status.name === "side")?.restartCount === 1,
    );
    const statusOf = (name: string, pod = after) =>
      pod.status?.containerStatuses?.find((one) => one.name === name);
    assert.equal(statusOf("main")?.containerID, statusOf("main", before)?.containerID);
    assert.equal(statusOf("main")?.restartCount, 0);
    assert.equal(statusOf("side")?.lastState?.terminated?.exitCode, 9);
    assert.equal(after.status?.podIP, before.status?.podIP);
  } finally {
    await node.close();
  }
});
