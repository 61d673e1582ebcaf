import assert from "node:assert/strict";
import { test } from "node:test";
import { leases, nodes, type Pod } from "#api";
import { FakeApiServer } from "#testing";
import { eventually, testNode as startNode } from "../testing/test-agent.ts";

const testNode = () => startNode({ server: (clock) => new FakeApiServer(clock) });

const isReady = (pod?: Pod) =>
  pod?.status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") ?? false;

test("the node registers, ready, with what the machine has", async () => {
  const node = await testNode();
  try {
    await node.agent.started;
    const found = await node.client.resource(nodes).get("node");
    assert.equal(found.status?.capacity?.cpu, "2");
    assert.equal(found.status?.allocatable?.cpu, "1900m");
    assert.equal(found.status?.conditions?.find((one) => one.type === "Ready")?.status, "True");
    assert.equal(found.spec?.podCIDR, "10.244.0.0/24");
    assert.equal(found.metadata?.labels?.["kubernetes.io/arch"], "amd64");
  } finally {
    await node.close();
  }
});

test("a label that the node is given later counts for pods bound to it", async () => {
  const node = await testNode();
  try {
    await node.agent.started;
    const patch = { metadata: { labels: { disk: "fast" } } };
    await node.client.resource(nodes).patch("node", { type: "merge", patch });
    const containers = [{ name: "main", image: "busybox" }];
    await node.run("picky", { containers, nodeSelector: { disk: "fast" } });
    await node.until("picky", "ready", isReady);
    await node.run("pickier", { containers, nodeSelector: { disk: "faster" } });
    const refused = await node.until("pickier", "refused", (one) => one?.status?.phase === "Failed");
    assert.equal(refused.status?.reason, "NodeAffinity");
  } finally {
    await node.close();
  }
});

test("a node that somebody takes for lost says at once that it is not", async () => {
  const node = await testNode();
  try {
    await node.agent.started;
    const api = node.client.resource(nodes);
    const found = await api.get("node");
    const conditions = found.status?.conditions?.map((one) => ({ ...one, status: "Unknown" }));
    await api.patch("node", { type: "merge", patch: { status: { conditions } } }, { subresource: "status" });
    const states = async () => (await api.get("node")).status?.conditions?.map((one) => one.status);
    await eventually(async () => (await states())?.join() === "False,False,False,True");
  } finally {
    await node.close();
  }
});

test("a status says only what the API does not have, and sets right what somebody else wrote", async () => {
  let server: FakeApiServer | undefined;
  const node = await startNode({
    server: (clock) => {
      server = new FakeApiServer(clock);
      return server;
    },
  });
  const said = () =>
    (server?.requests ?? [])
      .filter(({ method, path }) => method === "PATCH" && path.includes("/nodes/node/status"))
      .filter(({ path }) => !path.includes("somebody"))
      .map(({ body }) => Object.keys((body as { status: object }).status).sort());
  try {
    await node.agent.started;
    const api = node.client.resource(nodes);
    const whole = said()[0] ?? [];
    assert.ok(whole.includes("capacity") && whole.includes("conditions"), whole.join());
    const found = await api.get("node");
    const conditions = found.status?.conditions?.map((one) => ({ ...one, status: "Unknown" }));
    const patch = { status: { conditions, allocatable: { cpu: "1m" } } };
    await api.patch("node", { type: "merge", patch }, { subresource: "status", fieldManager: "somebody" });
    await eventually(async () => (await api.get("node")).status?.allocatable?.cpu === "1900m");
    const restoring = said()
      .slice(1)
      .filter((fields) => fields.includes("allocatable"));
    assert.deepEqual(restoring, [["allocatable", "conditions"]]);
  } finally {
    await node.close();
  }
});

test("a node that is deleted registers again, with its lease", async () => {
  const node = await testNode();
  try {
    await node.agent.started;
    const api = node.client.resource(nodes);
    const before = await api.get("node");
    await api.delete("node");
    const again = () => api.get("node").catch(() => undefined);
    await eventually(async () => {
      const found = await again();
      const ready = found?.status?.conditions?.find((one) => one.type === "Ready");
      return found?.metadata?.uid !== before.metadata?.uid && ready?.status === "True";
    });
    await node.run("web", { containers: [{ name: "main", image: "busybox" }] });
    await node.until("web", "ready", isReady);
  } finally {
    await node.close();
  }
});

test("what others write on the lease stays, however often it is renewed", async () => {
  const node = await testNode();
  try {
    await node.agent.started;
    const api = node.client.resource(leases, "kube-node-lease");
    const renewals = async (count: number) => {
      for (let seen = 0, last: string | undefined; seen <= count; ) {
        await eventually(async () => (await api.get("node")).spec?.renewTime !== last);
        last = (await api.get("node")).spec?.renewTime;
        seen += 1;
      }
    };
    await renewals(2);
    await api.patch("node", { type: "merge", patch: { metadata: { labels: { watched: "yes" } } } });
    await renewals(3);
    assert.deepEqual((await api.get("node")).metadata?.labels, { watched: "yes" });
  } finally {
    await node.close();
  }
});

test("settings of the kernel that are not the pod's own are refused, and walls that this node does not build", async () => {
  const node = await testNode();
  try {
    const run = (name: string, setting: string, more: object = {}) =>
      node.run(name, {
        containers: [{ name: "main", image: "busybox" }],
        securityContext: { sysctls: [{ name: setting, value: "1" }] },
        ...more,
      });
    await run("swap", "vm.swappiness");
    await run("host", "net.ipv4.tcp_syncookies", { hostNetwork: true });
    await node.run("walled", {
      containers: [{ name: "main", image: "busybox" }],
      securityContext: { appArmorProfile: { type: "RuntimeDefault" } },
    });
    await node.until("walled", "refused", (one) => one?.status?.reason === "AppArmor");
    await run("safe", "net/ipv4/tcp_syncookies");
    const refused = await node.until("swap", "refused", (one) => one?.status?.phase === "Failed");
    assert.equal(refused.status?.reason, "SysctlForbidden");
    assert.equal(refused.status?.containerStatuses, undefined, "nothing is being created");
    await node.until("host", "refused", (one) => one?.status?.reason === "SysctlForbidden");
    await node.until("safe", "ready", isReady);
  } finally {
    await node.close();
  }
});

test("what does not fit fails at once: cpu, host ports", async () => {
  const node = await testNode();
  try {
    await node.run("big", {
      containers: [{ name: "main", image: "busybox", resources: { requests: { cpu: "3" } } }],
    });
    const big = await node.until("big", "failed", (one) => one?.status?.phase === "Failed");
    assert.equal(big.status?.reason, "OutOfcpu");
    assert.match(
      big.status?.message ?? "",
      /Node didn't have enough resource: cpu, requested: 3000, used: 0, capacity: 1900/,
    );
    const ports = [{ containerPort: 80, hostPort: 8080 }];
    await node.run("first", { containers: [{ name: "main", image: "busybox", ports }] });
    await node.until("first", "ready", isReady);
    await node.run("second", { containers: [{ name: "main", image: "busybox", ports }] });
    assert.equal(
      (await node.until("second", "failed", (one) => one?.status?.phase === "Failed")).status?.reason,
      "NodePorts",
    );
  } finally {
    await node.close();
  }
});

test("of two pods that come at the same time and do not fit together, one is refused", async () => {
  const node = await testNode();
  try {
    await node.agent.started;
    await node.agent.close();
    const ports = [{ containerPort: 80, hostPort: 8080 }];
    for (const name of ["one", "two"])
      await node.run(name, { containers: [{ name: "main", image: "busybox", ports }] });
    await node.restart();
    const over = async () => {
      const found = [await node.pod("one"), await node.pod("two")];
      return found.filter((one) => one?.status?.phase === "Failed").length === 1 && found.some(isReady);
    };
    await eventually(over);
  } finally {
    await node.close();
  }
});
