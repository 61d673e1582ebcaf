import assert from "node:assert/strict";
import { test } from "node:test";
import { runtimeClasses } from "#api";
import { FakeApiServer } from "#testing";
import { eventually, testNode } from "../testing/test-agent.ts";

test("a pod that asks for a runtime or for users that the node has not does not run with others", async () => {
  const node = await testNode({ server: (clock) => new FakeApiServer(clock) });
  try {
    await node.client.resource(runtimeClasses).create({ metadata: { name: "sandboxed" }, handler: "runsc" });
    await node.run("isolated", {
      runtimeClassName: "sandboxed",
      containers: [{ name: "main", image: "busybox" }],
    });
    await node.run("unprivileged", {
      hostUsers: false,
      containers: [{ name: "main", image: "busybox" }],
    });
    for (const [name, why] of [
      ["isolated", /FailedCreatePodSandBox.*no runtime for "runsc"/],
      ["unprivileged", /FailedCreatePodSandBox.*no user namespaces/],
    ] as const) {
      await eventually(async () => (await node.events(name)).some((event) => why.test(event)));
    }
    assert.deepEqual(await node.runtime.containers(), []);
  } finally {
    await node.close();
  }
});
