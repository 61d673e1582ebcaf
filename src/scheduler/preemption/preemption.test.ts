import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { events, nodes, type Pod, podDisruptionBudgets, pods } from "#api";
import { badRequest, seededRandom, silentLogger, silentMetrics } from "#base";
import { createClient } from "#client";
import { FakeApiServer, VirtualClock } from "#testing";
import type { Plugin } from "../framework/plugin.ts";
import { startScheduler } from "../mod.ts";
import { defaultProfile } from "../plugins/registry.ts";

async function newWorld(t: TestContext, profile = defaultProfile) {
  const clock = new VirtualClock();
  const server = new FakeApiServer(clock);
  const random = seededRandom(1);
  const client = createClient({ transport: server, clock, random });
  const ended = new AbortController();
  const options = {
    client,
    clock,
    random,
    logger: silentLogger,
    metrics: silentMetrics,
    profiles: [profile],
  };
  const running = startScheduler({ ...options, signal: ended.signal });
  t.after(async () => {
    ended.abort();
    await running;
  });
  await clock.advance(10);
  const addNode = (name: string) =>
    client.resource(nodes).create({
      metadata: { name, labels: { "kubernetes.io/hostname": name } },
      status: { allocatable: { cpu: "1", memory: "1Gi", pods: "10" } },
    });
  /** Then what follows from it has happened. */
  const addPod = async (name: string, priority: number, spec: object = {}) => {
    const containers = [{ name: "c", resources: { requests: { cpu: "600m" } } }];
    const metadata = { name, labels: { app: name } };
    await client.resource(pods, "shop").create({ metadata, spec: { containers, priority, ...spec } });
    await clock.advance(20);
  };
  const get = (name: string): Promise<Pod> => client.resource(pods, "shop").get(name);
  /** As the kubelet does, once the pod's containers have ended. */
  const finish = async (name: string) => {
    await client.resource(pods, "shop").delete(name, { gracePeriodSeconds: 0 });
    await clock.advance(20);
  };
  return { clock, server, client, addNode, addPod, get, finish };
}

function needing(cpu: string) {
  return { containers: [{ name: "c", resources: { requests: { cpu } } }] };
}

test("a more important pod gets the room of a lower one, once that has ended gracefully", async (t) => {
  const { client, addNode, addPod, get, finish } = await newWorld(t);
  await addNode("n1");
  await addPod("low", 0);
  await addPod("high", 10);
  const low = await get("low");
  assert.ok(low.metadata?.deletionTimestamp, "it is told to go");
  assert.equal(low.metadata.deletionGracePeriodSeconds, 30);
  const condition = low.status?.conditions?.find(({ type }) => type === "DisruptionTarget");
  assert.equal(condition?.reason, "PreemptionByScheduler");
  assert.match(
    condition?.message ?? "",
    /default-scheduler: preempting to accommodate a higher priority pod/,
  );
  const high = await get("high");
  assert.equal(high.status?.nominatedNodeName, "n1");
  assert.equal(high.spec?.nodeName, undefined);
  await finish("low");
  assert.equal((await get("high")).spec?.nodeName, "n1");
  const told = (await client.resource(events, "shop").list()).items.find(
    ({ reason }) => reason === "Preempted",
  );
  assert.equal(told?.message, `Preempted by pod ${high.metadata?.uid} on node n1`);
});

test("pods of the same priority are left alone, and who may not preempt does not", async (t) => {
  const { addNode, addPod, get } = await newWorld(t);
  await addNode("n1");
  await addPod("first", 10);
  await addPod("second", 10);
  await addPod("polite", 20, { preemptionPolicy: "Never" });
  assert.equal((await get("first")).metadata?.deletionTimestamp, undefined);
  for (const name of ["second", "polite"]) {
    assert.equal((await get(name)).status?.nominatedNodeName, undefined);
  }
});

test("the node where the least is lost is chosen, and who waits for it loses it to nobody lower", async (t) => {
  const { addNode, addPod, get, finish } = await newWorld(t);
  for (const name of ["n1", "n2"]) await addNode(name);
  await addPod("middle", 5);
  await addPod("low", 1);
  await addPod("high", 10);
  const { nodeName } = (await get("low")).spec ?? {};
  assert.equal((await get("high")).status?.nominatedNodeName, nodeName);
  assert.equal((await get("middle")).metadata?.deletionTimestamp, undefined);
  await addPod("next", 2);
  assert.equal((await get("next")).status?.nominatedNodeName, undefined);
  await finish("low");
  assert.equal((await get("high")).spec?.nodeName, nodeName);
  assert.equal((await get("next")).spec?.nodeName, undefined);
});

test("a budget keeps its pods as long as others can go", async (t) => {
  const { client, addNode, addPod, get } = await newWorld(t);
  for (const name of ["n1", "n2"]) await addNode(name);
  await client.resource(podDisruptionBudgets, "shop").create({
    metadata: { name: "cheap" },
    spec: { selector: { matchLabels: { app: "cheap" } } },
    status: { disruptionsAllowed: 0 },
  });
  await addPod("cheap", 0);
  await addPod("dear", 5);
  await addPod("high", 10);
  assert.ok((await get("dear")).metadata?.deletionTimestamp);
  assert.equal((await get("cheap")).metadata?.deletionTimestamp, undefined);
  await addPod("higher", 20);
  assert.ok((await get("cheap")).metadata?.deletionTimestamp, "nothing else is left");
});

test("a budget is spared where pods that come back one after the other would not spare it", async (t) => {
  const { client, addNode, addPod, get } = await newWorld(t);
  await addNode("n1");
  await client.resource(podDisruptionBudgets, "shop").create({
    metadata: { name: "one-at-a-time" },
    spec: { selector: { matchExpressions: [{ key: "app", operator: "Exists" }] } },
    status: { disruptionsAllowed: 1 },
  });
  await addPod("first", 3, needing("300m"));
  await addPod("second", 2, needing("500m"));
  await addPod("third", 1, needing("200m"));
  // Once the second has come back, neither of the others can: two would go, and only one may.
  await addPod("high", 10, needing("500m"));
  const leaving = ["first", "second", "third"].map(
    async (name) => (await get(name)).metadata?.deletionTimestamp,
  );
  assert.deepEqual(
    (await Promise.all(leaving)).map((timestamp) => timestamp !== undefined),
    [false, true, false],
  );
});

test("a budget is spared where the pod needs one of the lower pods near", async (t) => {
  const { client, addNode, addPod, get } = await newWorld(t);
  await addNode("n1");
  await addPod("partner", 1, needing("300m"));
  await addPod("other", 2, needing("700m"));
  await addNode("n2");
  await client.resource(podDisruptionBudgets, "shop").create({
    metadata: { name: "guarded" },
    spec: { selector: { matchLabels: { app: "guarded" } } },
    status: { disruptionsAllowed: 0 },
  });
  await addPod("guarded", 0, needing("700m"));
  await addPod("friend", 20, needing("300m"));
  assert.equal((await get("friend")).spec?.nodeName, "n2");
  const apps = { key: "app", operator: "In", values: ["partner", "friend"] };
  const term = { topologyKey: "kubernetes.io/hostname", labelSelector: { matchExpressions: [apps] } };
  const podAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [term] };
  // Beside the friend it fits when the guarded one goes; beside its partner only as long as that stays.
  await addPod("high", 10, { ...needing("700m"), affinity: { podAffinity } });
  assert.equal((await get("high")).status?.nominatedNodeName, "n1");
  assert.ok((await get("other")).metadata?.deletionTimestamp);
  assert.equal((await get("partner")).metadata?.deletionTimestamp, undefined);
  assert.equal((await get("guarded")).metadata?.deletionTimestamp, undefined);
});

test("several at once do not count on the same room", async (t) => {
  const { client, clock, addNode, addPod, get } = await newWorld(t);
  const names = ["a", "b", "c"];
  for (const name of names) await addNode(`n-${name}`);
  for (const name of names) await addPod(`low-${name}`, 0);
  const containers = [{ name: "c", resources: { requests: { cpu: "600m" } } }];
  await Promise.all(
    names.map((name) =>
      client.resource(pods, "shop").create({ metadata: { name }, spec: { containers, priority: 10 } }),
    ),
  );
  await clock.advance(20);
  const nominated = await Promise.all(names.map(async (name) => (await get(name)).status?.nominatedNodeName));
  assert.equal(new Set(nominated).size, 3, `nominated: ${nominated}`);
});

test("a more important pod takes over the room that another waits for, which looks anew", async (t) => {
  const { addNode, addPod, get, finish } = await newWorld(t);
  await addNode("n1");
  await addPod("low", 0);
  await addPod("high", 10);
  assert.equal((await get("high")).status?.nominatedNodeName, "n1");
  await addPod("higher", 20);
  assert.equal((await get("higher")).status?.nominatedNodeName, "n1");
  assert.equal((await get("high")).status?.nominatedNodeName, undefined);
  await finish("low");
  assert.equal((await get("higher")).spec?.nodeName, "n1");
  assert.equal((await get("high")).spec?.nodeName, undefined);
});

test("when a victim cannot be told to go, it is tried again", async (t) => {
  const { clock, server, addNode, addPod, get } = await newWorld(t);
  await addNode("n1");
  await addPod("low", 0);
  let refused = 0;
  server.fault = ({ method }) => {
    if (method !== "DELETE" || refused > 0) return;
    refused += 1;
    throw badRequest("not now");
  };
  await addPod("high", 10);
  await clock.advance(2_000);
  assert.equal(refused, 1);
  assert.ok((await get("low")).metadata?.deletionTimestamp);
  assert.equal((await get("high")).status?.nominatedNodeName, "n1");
});

test("when not all victims go, it looks anew once the others are gone", async (t) => {
  const { clock, server, addNode, addPod, get, finish } = await newWorld(t);
  await addNode("n1");
  const small = { containers: [{ name: "c", resources: { requests: { cpu: "450m" } } }] };
  for (const name of ["low1", "low2"]) await addPod(name, 0, small);
  let refused = 0;
  server.fault = ({ method, path }) => {
    if (method !== "DELETE" || !path.endsWith("low2") || refused > 0) return;
    refused += 1;
    throw badRequest("not now");
  };
  await addPod("high", 10, { containers: [{ name: "c", resources: { requests: { cpu: "900m" } } }] });
  await clock.advance(5_000);
  assert.equal((await get("low2")).metadata?.deletionTimestamp, undefined);
  await finish("low1");
  await clock.advance(10_000);
  assert.ok((await get("low2")).metadata?.deletionTimestamp);
  await finish("low2");
  assert.equal((await get("high")).spec?.nodeName, "n1");
});

test("when the node goes that it waited for, the pod looks for another", async (t) => {
  const { client, clock, addNode, addPod, get } = await newWorld(t);
  for (const name of ["n1", "n2"]) await addNode(name);
  await addPod("low", 0);
  await addPod("dear", 5);
  await addPod("high", 10);
  const { nodeName = "" } = (await get("low")).spec ?? {};
  assert.equal((await get("high")).status?.nominatedNodeName, nodeName);
  await client.resource(nodes).delete(nodeName);
  await clock.advance(20);
  assert.equal((await get("high")).status?.nominatedNodeName, (await get("dear")).spec?.nodeName);
});

test("who waits for room is not tried when another gets theirs", async (t) => {
  const { client, addNode, addPod, get, finish } = await newWorld(t);
  for (const name of ["n1", "n2"]) await addNode(name);
  for (const name of ["low1", "low2"]) await addPod(name, 0);
  for (const name of ["high1", "high2"]) await addPod(name, 10);
  const { nominatedNodeName } = (await get("high1")).status ?? {};
  await finish((await get("low1")).spec?.nodeName === nominatedNodeName ? "low1" : "low2");
  assert.equal((await get("high1")).spec?.nodeName, nominatedNodeName);
  const said = (await client.resource(events, "shop").list()).items.filter(
    ({ reason, involvedObject }) => reason === "FailedScheduling" && involvedObject.name === "high2",
  );
  assert.deepEqual(
    said.map(({ count }) => count),
    [1],
  );
});

test("a victim that still waits for something before it is bound goes back to the queue", async (t) => {
  const slow: Plugin = {
    name: "Slow",
    preBind({ facts }, { signal }) {
      if (facts.pod.metadata?.name !== "low") return undefined;
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  };
  const { clock, addNode, addPod, get } = await newWorld(t, {
    ...defaultProfile,
    plugins: [...defaultProfile.plugins, slow],
  });
  await addNode("n1");
  await addPod("low", 0);
  await addPod("high", 10);
  assert.equal((await get("high")).spec?.nodeName, "n1");
  const low = await get("low");
  assert.equal(low.metadata?.deletionTimestamp, undefined);
  assert.equal(low.spec?.nodeName, undefined);
  await clock.advance(2_000);
  assert.equal((await get("low")).status?.conditions?.[0]?.reason, "Unschedulable");
});
