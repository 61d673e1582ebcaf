import assert from "node:assert/strict";
import { test } from "node:test";
import { type Pod, pods } from "#api";
import { FakeApiServer } from "#testing";
import { testNode } from "../testing/test-agent.ts";
import { statusOf } from "./statuses.ts";

const condition = (pod: Pod | undefined, type: string) =>
  pod?.status?.conditions?.find((one) => one.type === type);
const isReady = (pod?: Pod) => condition(pod, "Ready")?.status === "True";

test("resources that are changed while a container runs are not claimed to be its own", async () => {
  const node = await testNode({ server: (clock) => new FakeApiServer(clock) });
  try {
    const before = { limits: { memory: "32Mi" } };
    const main = { name: "main", image: "busybox", resources: before };
    const side = { ...main, name: "side", restartPolicy: "Always" };
    await node.run("web", { containers: [main], initContainers: [side] });
    const { spec } = await node.until("web", "ready", isReady);
    const api = node.client.resource(pods, "default");
    const update = async (changed: object) => {
      await api.update({ ...(await api.get("web")), spec: { containers: [main], ...spec, ...changed } });
    };
    const pending = (pod: Pod | undefined) => condition(pod, "PodResizePending");
    const more = { limits: { memory: "64Mi" } };
    for (const [name, changed] of [
      ["main", { containers: [{ ...main, resources: more }] }],
      ["side", { initContainers: [{ ...side, resources: more }] }],
    ] as const) {
      await update(changed);
      const pod = await node.until("web", "told", (one) => pending(one)?.status === "True");
      assert.equal(pending(pod)?.reason, "Infeasible");
      assert.match(pending(pod)?.message ?? "", new RegExp(`\\(${name}\\)`));
      assert.deepEqual(statusOf(pod.status, name)?.resources, before);
      await update({});
      await node.until("web", "settled", (one) => pending(one)?.status === "False");
    }
  } finally {
    await node.close();
  }
});
