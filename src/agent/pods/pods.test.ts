import assert from "node:assert/strict";
import { test } from "node:test";
import { type Pod, pods, services } from "#api";
import { FakeApiServer } from "#testing";
import { limits } from "../limits.ts";
import { testNode } from "../testing/test-agent.ts";

test("no container starts before its services are known", async () => {
  const gate = Promise.withResolvers<void>();
  const hosts: (string | undefined)[] = [];
  const node = await testNode({
    server: (clock) => {
      const server = new FakeApiServer(clock);
      return {
        close: () => server.close(),
        async request(request) {
          if (request.method === "GET" && request.path.startsWith("/api/v1/services")) await gate.promise;
          return server.request(request);
        },
      };
    },
    behaviour: ({ environment }) => {
      hosts.push(environment.find(({ name }) => name === "DB_SERVICE_HOST")?.value);
      return {};
    },
  });
  try {
    await node.client.resource(services, "default").create({
      metadata: { name: "db" },
      spec: { clusterIP: "10.96.0.7", ports: [{ port: 5432 }] },
    });
    await node.run("web", { containers: [{ name: "main", image: "busybox" }] });
    // Longer than it waits before it goes by the pods that it knew.
    await node.clock.sleep(limits.firstListMs * 5);
    gate.resolve();
    await node.until("web", "running", (pod) => pod?.status?.phase === "Running");
    assert.ok(hosts.length > 0 && hosts.every((host) => host === "10.96.0.7"), String(hosts));
  } finally {
    gate.resolve();
    await node.close();
  }
});

test("a name leads to the pod that has it now, not to one before it that is still being stopped", async () => {
  const node = await testNode({
    server: (clock) => new FakeApiServer(clock),
    behaviour: () => ({ stopMs: Number.POSITIVE_INFINITY }),
  });
  try {
    const spec = { containers: [{ name: "main", image: "busybox" }], terminationGracePeriodSeconds: 300 };
    const isRunning = (pod: Pod | undefined) => pod?.status?.phase === "Running";
    await node.run("web", spec);
    await node.until("web", "running", isRunning);
    await node.client.resource(pods, "default").delete("web", { gracePeriodSeconds: 0 });
    const second = await node.run("web", spec);
    await node.until("web", "running", isRunning);
    assert.equal(node.agent.pods.workers.size, 2);
    assert.equal(node.agent.pods.byName("default", "web")?.pod.metadata?.uid, second.metadata?.uid);
  } finally {
    await node.close();
  }
});
