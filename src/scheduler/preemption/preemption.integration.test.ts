import assert from "node:assert/strict";
import { test } from "node:test";
import { events, nodes, type Pod, podDisruptionBudgets, pods, priorityClasses } from "#api";
import type { Client } from "#client";
import { addNode, controlledCluster, inShop, untilAll } from "#testing";

/** Most of a node's four CPUs. The finalizer keeps it, once it is told to go, until the test lets it. */
function pod(name: string, priorityClassName: string): Pod {
  return {
    metadata: { name, namespace: "shop", labels: { app: name }, finalizers: ["example.com/hold"] },
    spec: {
      priorityClassName,
      containers: [{ name: "c", image: "web:1", resources: { requests: { cpu: "3" } } }],
    },
  };
}

async function makeClasses(client: Client): Promise<void> {
  const classes = { low: 10, middle: 100, high: 1000 };
  for (const [name, value] of Object.entries(classes)) {
    await client.resource(priorityClasses).create({ metadata: { name }, value });
  }
  const polite = { metadata: { name: "polite" }, value: 500, preemptionPolicy: "Never" };
  await client.resource(priorityClasses).create(polite);
}

test("a pod of a higher class gets the room of a lower one that no budget protects, and people see it wait", async (t) => {
  const { client, informers, run } = await controlledCluster(t);
  await addNode(client, "n2");
  await untilAll(
    informers,
    nodes,
    (all) => all.length === 2 && all.every(({ spec }) => !spec?.taints?.length),
  );
  await makeClasses(client);
  const api = client.resource(pods, "shop");
  const until = (holds: (find: (name: string) => Pod | undefined) => boolean) =>
    untilAll(informers, pods, (all) =>
      holds((name) => inShop(all).find((one) => one.metadata?.name === name)),
    );

  await client.resource(podDisruptionBudgets, "shop").create({
    metadata: { name: "guard" },
    spec: { minAvailable: 1, selector: { matchLabels: { app: "guarded" } } },
  });
  await api.create(pod("guarded", "low"));
  await api.create(pod("dear", "middle"));
  await until((find) => ["guarded", "dear"].every((name) => find(name)?.status?.phase === "Running"));
  await untilAll(informers, podDisruptionBudgets, ([budget]) => budget?.status?.currentHealthy === 1);

  await api.create(pod("polite", "polite"));
  await until((find) => find("polite")?.status?.conditions?.[0]?.reason === "Unschedulable");
  await api.create(pod("urgent", "high"));
  await until((find) => find("urgent")?.status?.nominatedNodeName !== undefined);
  await until((find) => find("dear")?.metadata?.deletionTimestamp !== undefined);
  const { spec, status } = await api.get("dear");
  assert.equal(
    status?.conditions?.find(({ type }) => type === "DisruptionTarget")?.reason,
    "PreemptionByScheduler",
  );
  assert.equal((await api.get("guarded")).metadata?.deletionTimestamp, undefined);
  assert.equal((await api.get("polite")).status?.nominatedNodeName, undefined);

  const [header = "", ...lines] = (await run("get", "pods", "--output=wide")).trimEnd().split("\n");
  const urgent = lines.find((line) => line.startsWith("urgent")) ?? "";
  assert.ok(urgent.slice(header.indexOf("NOMINATED NODE")).startsWith(spec?.nodeName ?? "?"), urgent);

  await api.patch("dear", { type: "merge", patch: { metadata: { finalizers: null } } });
  await until((find) => find("urgent")?.status?.phase === "Running");
  const placed = await api.get("urgent");
  assert.equal(placed.spec?.nodeName, spec?.nodeName);
  assert.equal(placed.status?.nominatedNodeName, undefined);
  await untilAll(informers, events, (all) =>
    all.some(
      ({ reason, message }) => reason === "Preempted" && message?.includes(placed.metadata?.uid ?? "?"),
    ),
  );
});
