import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Deployment, deployments, events, pods, replicaSets } from "#api";
import { seededRandom, silentLogger, silentMetrics, systemClock } from "#base";
import { type Client, Informers } from "#client";
import { startFakeKubelet, testCluster } from "#testing";
import { startControllers } from "./mod.ts";

async function newCluster(t: TestContext) {
  const cluster = await testCluster({ namespaces: ["default", "kube-system", "shop"] });
  const ended = new AbortController();
  const runtime = {
    client: cluster.client,
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
    metrics: silentMetrics,
    signal: ended.signal,
  };
  const informers = new Informers(runtime);
  const running = startControllers({ ...runtime, authority: "PEM" });
  startFakeKubelet({ ...runtime, bindTo: "n1" });
  t.after(async () => {
    ended.abort();
    await running;
    await cluster.close();
  });
  return { client: cluster.client, informers };
}

function web(image = "web:1", replicas = 3): Deployment {
  return {
    metadata: { name: "web", namespace: "shop" },
    spec: {
      replicas,
      selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image }] } },
    },
  };
}

/** Resolves as soon as the watched deployment satisfies `holds`. */
async function until(informers: Informers, holds: (deployment: Deployment) => boolean): Promise<Deployment> {
  return new Promise((resolve, reject) => {
    const timeout = setTimeout(
      () =>
        reject(
          new Error(`not reached: ${JSON.stringify(informers.of(deployments).get("web", "shop")?.status)}`),
        ),
      5000,
    );
    const look = (deployment: Deployment) => {
      if (!holds(deployment)) return;
      clearTimeout(timeout);
      resolve(deployment);
    };
    informers.of(deployments).addHandler({ added: look, updated: look });
  });
}

function isRolledOut({ metadata, spec, status }: Deployment): boolean {
  const replicas = spec?.replicas;
  return (
    status?.observedGeneration === metadata?.generation &&
    status?.updatedReplicas === replicas &&
    status?.availableReplicas === replicas &&
    status?.replicas === replicas
  );
}

async function imagesOf(client: Client): Promise<string[]> {
  const { items } = await client.resource(pods, "shop").list();
  return items
    .filter((pod) => !pod.metadata?.deletionTimestamp)
    .map((pod) => pod.spec?.containers[0]?.image ?? "");
}

test("a deployment becomes a replica set becomes pods, rolls over and rolls back", async (t) => {
  const { client, informers } = await newCluster(t);
  const api = client.resource(deployments, "shop");
  const started = performance.now();
  await api.create(web());
  await until(informers, isRolledOut);
  t.diagnostic(`rolled out in ${(performance.now() - started).toFixed(1)} ms`);
  assert.deepEqual(await imagesOf(client), ["web:1", "web:1", "web:1"]);

  await api.patch("web", { type: "strategic", patch: web("web:2") });
  await until(informers, (one) => isRolledOut(one) && one.metadata?.generation === 2);
  assert.deepEqual(await imagesOf(client), ["web:2", "web:2", "web:2"]);

  await api.patch("web", { type: "strategic", patch: web("web:1") });
  const back = await until(informers, (one) => isRolledOut(one) && one.metadata?.generation === 3);
  assert.deepEqual(await imagesOf(client), ["web:1", "web:1", "web:1"]);
  assert.equal(back.metadata?.annotations?.["deployment.kubernetes.io/revision"], "3");
  const sets = await client.resource(replicaSets, "shop").list();
  assert.deepEqual(sets.items.map((set) => set.spec?.replicas).sort(), [0, 3]);

  const told = new Set((await client.resource(events, "shop").list()).items.map((event) => event.reason));
  for (const reason of ["ScalingReplicaSet", "SuccessfulCreate", "SuccessfulDelete"])
    assert.ok(told.has(reason), reason);
});
