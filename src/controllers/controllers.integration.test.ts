import assert from "node:assert/strict";
import { test } from "node:test";
import {
  configMaps,
  type Deployment,
  deployments,
  endpointSlices,
  events,
  type KubernetesObject,
  namespaces,
  nodes,
  type Pod,
  pods,
  type Resource,
  replicaSets,
  secrets,
  serviceAccounts,
  services,
} from "#api";
import type { Client, Informers } from "#client";
import { controlledCluster, inShop, untilAll } from "#testing";

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
  const { client, informers } = await controlledCluster(t);
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

  // Events are written beside the work that they tell of, so the last ones may come after it.
  const reasons = ["ScalingReplicaSet", "SuccessfulCreate", "SuccessfulDelete"];
  await untilAll(informers, events, (all) => {
    const told = new Set(all.map((event) => event.reason));
    return reasons.every((reason) => told.has(reason));
  });
});

for (const policy of ["Background", "Foreground"] as const) {
  test(`deleting a deployment in the ${policy.toLowerCase()} takes its sets and pods with it`, async (t) => {
    const { client, informers } = await controlledCluster(t);
    await client.resource(deployments, "shop").create(web());
    await until(informers, isRolledOut);
    const started = performance.now();
    await client.resource(deployments, "shop").delete("web", { propagationPolicy: policy });
    await untilAll(informers, pods, (all) => inShop(all).length === 0);
    await untilAll(informers, replicaSets, (all) => inShop(all).length === 0);
    await untilAll(informers, deployments, (all) => inShop(all).length === 0);
    t.diagnostic(`gone in ${(performance.now() - started).toFixed(1)} ms`);
  });
}

test("orphaned sets live on, and a new deployment adopts them", async (t) => {
  const { client, informers } = await controlledCluster(t);
  await client.resource(deployments, "shop").create(web());
  await until(informers, isRolledOut);
  await client.resource(deployments, "shop").delete("web", { propagationPolicy: "Orphan" });
  await untilAll(informers, deployments, (all) => inShop(all).length === 0);
  await untilAll(informers, replicaSets, (all) =>
    inShop(all).every((set) => !set.metadata?.ownerReferences?.length),
  );
  const before = (await client.resource(pods, "shop").list()).items.map((pod) => pod.metadata?.uid).sort();
  await client.resource(deployments, "shop").create(web());
  await untilAll(informers, deployments, (all) => inShop(all).some(isRolledOut));
  const after = (await client.resource(pods, "shop").list()).items.map((pod) => pod.metadata?.uid).sort();
  assert.deepEqual(after, before);
});

test("an object whose owner does not exist is collected, one with a living owner is not", async (t) => {
  const { client, informers } = await controlledCluster(t);
  const api = client.resource(configMaps, "shop");
  const owner = await api.create({ metadata: { name: "owner" } });
  const reference = (uid: string) => ({ apiVersion: "v1", kind: "ConfigMap", name: "owner", uid });
  const uid = owner.metadata?.uid ?? "";
  await api.create({ metadata: { name: "kept", ownerReferences: [reference(uid)] } });
  await api.create({ metadata: { name: "lost", ownerReferences: [reference("no-such-uid")] } });
  const named = (name: string) => (one: KubernetesObject) => one.metadata?.name === name;
  await untilAll(informers, configMaps, (all) => all.some(named("kept")) && !all.some(named("lost")));
  await api.delete("owner");
  await untilAll(informers, configMaps, (all) => !all.some(named("kept")));
});

test("a namespace is born with a service account and the root certificate, and dies with all it has", async (t) => {
  const { client, informers } = await controlledCluster(t);
  await untilAll(informers, serviceAccounts, (all) => inShop(all).length === 1);
  await untilAll(informers, configMaps, (all) => inShop(all).some((one) => one.data?.["ca.crt"] === "PEM"));
  await client.resource(deployments, "shop").create(web());
  await client.resource(secrets, "shop").create({ metadata: { name: "s" }, stringData: { a: "b" } });
  await client.resource(services, "shop").create({
    metadata: { name: "web" },
    spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
  });
  await until(informers, isRolledOut);
  await untilAll(informers, endpointSlices, (all) =>
    inShop(all).some((slice) => slice.endpoints?.length === 3),
  );
  const started = performance.now();
  await client.resource(namespaces).delete("shop");
  await untilAll(informers, namespaces, (all) => !all.some((one) => one.metadata?.name === "shop"));
  t.diagnostic(`gone in ${(performance.now() - started).toFixed(1)} ms`);
  for (const kind of [pods, deployments, secrets, services, endpointSlices, configMaps]) {
    assert.equal((await client.resource(kind as Resource, "shop").list()).items.length, 0, kind.resource);
  }
});

test("kubectl rolls out, shows history, undoes, restarts, pauses and scales", async (t) => {
  const { client, informers, kubectl } = await controlledCluster(t);
  const run = async (...args: string[]) => {
    const { stdout, stderr, code } = await kubectl(["--namespace=shop", ...args]);
    assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  await client.resource(deployments, "shop").create(web());
  assert.match(await run("rollout", "status", "deployment/web", "--timeout=5s"), /successfully rolled out/);
  await run("set", "image", "deployment/web", "web=web:2");
  assert.match(await run("rollout", "status", "deployment/web", "--timeout=5s"), /successfully rolled out/);
  const history = await run("rollout", "history", "deployment/web");
  assert.match(history, /^1 /m);
  assert.match(history, /^2 /m);
  await run("rollout", "undo", "deployment/web");
  await run("rollout", "status", "deployment/web", "--timeout=5s");
  assert.deepEqual(await imagesOf(client), ["web:1", "web:1", "web:1"]);
  const before = (await client.resource(pods, "shop").list()).items.map((pod) => pod.metadata?.uid);
  await run("rollout", "restart", "deployment/web");
  await run("rollout", "status", "deployment/web", "--timeout=5s");
  const after = (await client.resource(pods, "shop").list()).items.map((pod) => pod.metadata?.uid);
  assert.ok(after.every((uid) => !before.includes(uid)));
  await run("rollout", "pause", "deployment/web");
  await run("rollout", "resume", "deployment/web");
  await run("scale", "deployment/web", "--replicas=5");
  await until(informers, (one) => one.spec?.replicas === 5 && isRolledOut(one));
  await run("delete", "deployment", "web", "--timeout=5s");
  await untilAll(informers, pods, (all) => inShop(all).length === 0);
});

test("a pod that fits nowhere says why to people, and starts when there is room", async (t) => {
  const { client, informers, kubectl } = await controlledCluster(t);
  const resources = { requests: { cpu: "6" } };
  await client.resource(pods, "shop").create({
    metadata: { name: "large" },
    spec: { containers: [{ name: "c", image: "web:1", resources }] },
  });
  const why = /0\/1 nodes are available: 1 Insufficient cpu\./;
  const isRefused = (one: KubernetesObject & { status?: { conditions?: { message?: string }[] } }) =>
    one.status?.conditions?.some(({ message }) => why.test(message ?? "")) ?? false;
  await untilAll(informers, pods, (all) => inShop(all).some(isRefused));
  await untilAll(informers, events, (all) => all.some(({ message }) => why.test(message ?? "")));
  const { stdout } = await kubectl(["--namespace=shop", "describe", "pod", "large"]);
  assert.match(stdout, new RegExp(`FailedScheduling.*${why.source}`));
  const patch = { status: { allocatable: { cpu: "8" } } };
  await client.resource(nodes).patch("n1", { type: "merge", patch }, { subresource: "status" });
  await untilAll(informers, pods, (all) => inShop(all).some((pod) => pod.status?.phase === "Running"));
});

test("a NoExecute taint drives pods away: at once, when their time is up, or never, as they tolerate it", async (t) => {
  const { client, informers, run } = await controlledCluster(t);
  const tolerating = (name: string, tolerations: object[]) =>
    client.resource(pods, "shop").create({
      metadata: { name },
      spec: { containers: [{ name: "c", image: "c:1" }], tolerations },
    } as Pod);
  const maintenance = { key: "maintenance", operator: "Exists", effect: "NoExecute" };
  await tolerating("at-once", []);
  await tolerating("later", [{ ...maintenance, tolerationSeconds: 1 }]);
  await tolerating("never", [maintenance]);
  const isRunning = (pod: Pod) => pod.status?.phase === "Running";
  await untilAll(informers, pods, (all) => inShop(all).filter(isRunning).length === 3);
  const gone: string[] = [];
  informers.of(pods).addHandler({ deleted: ({ metadata }) => gone.push(metadata?.name ?? "") });
  await run("taint", "node", "n1", "maintenance=soon:NoExecute");
  await untilAll(informers, pods, (all) => inShop(all).length === 1);
  assert.deepEqual(gone, ["at-once", "later"]);
  await untilAll(informers, events, (all) =>
    all.some(({ reason, message }) => reason === "TaintManagerEviction" && message?.includes("shop/later")),
  );
});

test("a node that becomes ready loses its taint and gets what waited for it; a cordoned one gets nothing", async (t) => {
  const { client, informers, kubectl } = await controlledCluster(t);
  await kubectl(["cordon", "n1"]);
  await client.resource(nodes).create({ metadata: { name: "n2" } });
  const status = {
    allocatable: { cpu: "4", memory: "8Gi", pods: "110" },
    conditions: [{ type: "Ready", status: "False", reason: "KubeletNotReady", message: "starting" }],
  };
  const api = client.resource(nodes);
  await api.patch("n2", { type: "merge", patch: { status } }, { subresource: "status" });
  await untilAll(informers, nodes, (all) =>
    all.some(
      ({ metadata, spec }) =>
        metadata?.name === "n2" && spec?.taints?.some(({ key }) => key.endsWith("/not-ready")),
    ),
  );
  await client.resource(deployments, "shop").create(web());
  await untilAll(
    informers,
    pods,
    (all) => inShop(all).length === 3 && inShop(all).every((pod) => !pod.spec?.nodeName),
  );
  const ready = { conditions: [{ type: "Ready", status: "True", reason: "KubeletReady", message: "ready" }] };
  await api.patch("n2", { type: "merge", patch: { status: ready } }, { subresource: "status" });
  await untilAll(
    informers,
    pods,
    (all) => inShop(all).length === 3 && inShop(all).every((pod) => pod.spec?.nodeName === "n2"),
  );
  assert.equal((await api.get("n2")).spec?.taints, undefined);
});
