import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { events, nodes, type Pod, pods } from "#api";
import { badRequest, seededRandom, silentLogger, silentMetrics } from "#base";
import { createClient } from "#client";
import { FakeApiServer, VirtualClock } from "#testing";
import type { Profile } from "./framework/plugin.ts";
import { startScheduler } from "./mod.ts";
import { defaultProfile } from "./plugins/registry.ts";

async function newWorld(t: TestContext, options: { readonly profiles?: readonly Profile[] } = {}) {
  const clock = new VirtualClock();
  const server = new FakeApiServer(clock);
  const random = seededRandom(1);
  const client = createClient({ transport: server, clock, random });
  const ended = new AbortController();
  const running = startScheduler({
    client,
    clock,
    random,
    logger: silentLogger,
    metrics: silentMetrics,
    signal: ended.signal,
    ...options,
  });
  t.after(async () => {
    ended.abort();
    await running;
  });
  await clock.advance(10);
  const addNode = (name: string, cpu = "1") =>
    client.resource(nodes).create({
      metadata: { name },
      status: { allocatable: { cpu, memory: "1Gi", pods: "10" } },
    });
  const addPod = (name: string, cpu = "600m", spec: object = {}) =>
    client.resource(pods, "shop").create({
      metadata: { name },
      spec: { containers: [{ name: "c", resources: { requests: { cpu } } }], ...spec },
    });
  const get = (name: string): Promise<Pod> => client.resource(pods, "shop").get(name);
  return { clock, server, client, addNode, addPod, get };
}

test("a pod is bound to a node that has room, and an event tells", async (t) => {
  const { clock, client, addNode, addPod, get } = await newWorld(t);
  await addNode("n1");
  await addPod("a");
  await clock.advance(10);
  assert.equal((await get("a")).spec?.nodeName, "n1");
  const [event] = (await client.resource(events, "shop").list()).items;
  assert.equal(event?.reason, "Scheduled");
  assert.equal(event?.message, "Successfully assigned shop/a to n1");
});

test("a pod that fits nowhere says why, and is placed as soon as there is room", async (t) => {
  const { clock, client, addNode, addPod, get } = await newWorld(t);
  await addNode("n1");
  await addPod("a");
  await clock.advance(10);
  await addPod("b");
  await clock.advance(10);
  const condition = (await get("b")).status?.conditions?.[0];
  assert.equal(condition?.reason, "Unschedulable");
  assert.equal(
    condition?.message,
    "0/1 nodes are available: 1 Insufficient cpu. Smallest change: request 200m less cpu (opens n1).",
  );
  const told = (await client.resource(events, "shop").list()).items.map((event) => event.reason);
  assert.ok(told.includes("FailedScheduling"));
  await clock.advance(2000);
  await client.resource(pods, "shop").delete("a", { gracePeriodSeconds: 0 });
  await clock.advance(10);
  assert.equal((await get("b")).spec?.nodeName, "n1");
});

test("what would help is found out anew when pods are refused for another reason", async (t) => {
  const { clock, client, addNode, addPod, get } = await newWorld(t);
  await addNode("n1");
  const taint = (taints: object[]) =>
    client.resource(nodes).patch("n1", { type: "merge", patch: { spec: { taints } } });
  await taint([{ key: "gpu", effect: "NoSchedule" }]);
  await addPod("a", "1200m");
  await clock.advance(10);
  await taint([]);
  await addPod("b", "1200m");
  await clock.advance(10);
  assert.equal(
    (await get("b")).status?.conditions?.[0]?.message,
    "0/1 nodes are available: 1 Insufficient cpu. Smallest change: request 200m less cpu (opens n1).",
  );
});

test("while nothing happens an unschedulable pod costs nothing", async (t) => {
  const { clock, server, addPod } = await newWorld(t);
  await addPod("a");
  await clock.advance(1000);
  server.requests.length = 0;
  await clock.advance(200_000);
  assert.equal(server.requests.length, 0);
});

test("a new node takes what waits", async (t) => {
  const { clock, addNode, addPod, get } = await newWorld(t);
  await addPod("a");
  await clock.advance(1000);
  await addNode("n1");
  await clock.advance(10);
  assert.equal((await get("a")).spec?.nodeName, "n1");
});

test("an event that cannot help does not wake a pod that waits", async (t) => {
  const { clock, server, client, addNode, addPod, get } = await newWorld(t);
  await addNode("full");
  await addPod("a");
  await clock.advance(10);
  await addPod("large", "800m");
  await addPod("picky", "100m", { nodeSelector: { disk: "ssd" } });
  await clock.advance(20_000);
  server.requests.length = 0;
  await addNode("small", "700m");
  await client.resource(pods, "shop").delete("a", { gracePeriodSeconds: 0 });
  await clock.advance(20_000);
  const written = server.requests.map(({ path }) => path).filter((path) => path.includes("picky"));
  assert.deepEqual(written, []);
  assert.equal((await get("large")).spec?.nodeName, "full");
});

test("a pod that waits for an uncordoned node learns of the taint that goes after it", async (t) => {
  const { clock, client, addNode, addPod, get } = await newWorld(t);
  const taints = [{ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }];
  const patch = (spec: object) => client.resource(nodes).patch("n1", { type: "merge", patch: { spec } });
  await addNode("n1");
  await patch({ unschedulable: true, taints });
  await addPod("a");
  await clock.advance(10);
  await patch({ unschedulable: null });
  await clock.advance(2_000);
  assert.equal((await get("a")).spec?.nodeName, undefined);
  await patch({ taints: null });
  await clock.advance(5_000);
  assert.equal((await get("a")).spec?.nodeName, "n1");
});

test("each scheduler name has its own rules, over one cluster", async (t) => {
  const anywhere: Profile = {
    ...defaultProfile,
    schedulerName: "anywhere",
    plugins: defaultProfile.plugins.filter(({ name }) => name !== "NodeUnschedulable"),
  };
  const { clock, client, addNode, addPod, get } = await newWorld(t, { profiles: [defaultProfile, anywhere] });
  await addNode("n1");
  await client.resource(nodes).patch("n1", { type: "merge", patch: { spec: { unschedulable: true } } });
  await addPod("careful", "600m");
  await addPod("careless", "600m", { schedulerName: "anywhere" });
  await addPod("late", "600m", { schedulerName: "anywhere" });
  await clock.advance(10);
  assert.equal((await get("careful")).spec?.nodeName, undefined);
  assert.equal((await get("careless")).spec?.nodeName, "n1");
  const [condition] = (await get("late")).status?.conditions ?? [];
  assert.match(condition?.message ?? "", /1 Insufficient cpu/);
});

test("when binding fails the room is given back and the pod is tried again", async (t) => {
  const { clock, server, addNode, addPod, get } = await newWorld(t);
  await addNode("n1");
  let refused = 0;
  server.fault = ({ path }) => {
    if (!path.endsWith("/binding") || refused > 0) return;
    refused += 1;
    throw badRequest("not now");
  };
  await addPod("a");
  await clock.advance(10);
  assert.equal((await get("a")).spec?.nodeName, undefined);
  await clock.advance(1000);
  assert.equal((await get("a")).spec?.nodeName, "n1");
});

test("pods of other schedulers and gated pods are left alone", async (t) => {
  const { clock, client, addNode, addPod, get } = await newWorld(t);
  await addNode("n1", "4");
  await addPod("foreign", "100m", { schedulerName: "other" });
  await addPod("gated", "100m", { schedulingGates: [{ name: "example.com/wait" }] });
  await clock.advance(10);
  assert.equal((await get("foreign")).spec?.nodeName, undefined);
  assert.equal((await get("gated")).spec?.nodeName, undefined);
  const patch = { spec: { schedulingGates: null } };
  await client.resource(pods, "shop").patch("gated", { type: "merge", patch });
  await clock.advance(10);
  assert.equal((await get("gated")).spec?.nodeName, "n1");
});

test("many pods at once never overcommit a node", async (t) => {
  const { clock, client, addNode, addPod } = await newWorld(t);
  for (const name of ["n1", "n2", "n3"]) await addNode(name);
  for (let at = 0; at < 10; at += 1) await addPod(`p${at}`, "400m");
  await clock.advance(100);
  const { items } = await client.resource(pods, "shop").list();
  const placed = items.map((pod) => pod.spec?.nodeName).filter((name) => name !== undefined);
  assert.equal(placed.length, 6);
  for (const name of ["n1", "n2", "n3"]) assert.equal(placed.filter((one) => one === name).length, 2);
});
