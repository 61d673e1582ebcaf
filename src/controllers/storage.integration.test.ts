import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  events,
  type KubernetesObject,
  localFinalizer,
  localRootAnnotation,
  namespaces,
  nodes,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  type Resource,
  selectedNode,
  serviceAccounts,
  storageClasses,
} from "#api";
import { seededRandom, silentLogger, silentMetrics, systemClock } from "#base";
import { Informers } from "#client";
import { startScheduler } from "#scheduler";
import { servedCluster } from "#testing";
import { startControllers } from "./mod.ts";

/** Claims and volumes with the real roles, admission and validation; a node without an agent, which the tests play. */
async function newCluster(t: TestContext) {
  const cluster = await servedCluster({ secured: true });
  const { client } = cluster;
  await client.resource(namespaces).create({ metadata: { name: "shop" } });
  const ended = new AbortController();
  const runtime = {
    client,
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
    metrics: silentMetrics,
    signal: ended.signal,
  };
  const manager = { name: "system:kube-controller-manager", groups: ["system:authenticated"] };
  const scheduler = { name: "system:kube-scheduler", groups: ["system:authenticated"] };
  const running = Promise.all([
    startControllers({ ...runtime, client: cluster.clientAs(manager), authority: "PEM", identity: "c" }),
    startScheduler({ ...runtime, client: cluster.clientAs(scheduler), identity: "s" }),
  ]);
  t.after(async () => {
    ended.abort();
    await running;
    await cluster.close();
  });
  const addNode = async (name: string, annotations: Record<string, string> = {}) => {
    const labels = { "kubernetes.io/hostname": name };
    await client.resource(nodes).create({ metadata: { name, labels, annotations } });
    const status = {
      allocatable: { cpu: "4", memory: "8Gi", pods: "110" },
      conditions: [{ type: "Ready", status: "True", reason: "KubeletReady", message: "ready" }],
    };
    await client.resource(nodes).patch(name, { type: "merge", patch: { status } }, { subresource: "status" });
  };
  await addNode("n1", { [localRootAnnotation]: "/data" });
  const informers = new Informers(runtime);
  const claims = client.resource(persistentVolumeClaims, "shop");
  const volumes = client.resource(persistentVolumes);

  /** The object as soon as it is as wanted; undefined stands for one that is gone. */
  const until = <T extends KubernetesObject>(
    resource: Resource<T>,
    name: string,
    holds: (object: T | undefined) => boolean,
  ): Promise<T | undefined> =>
    new Promise((resolve, reject) => {
      const informer = informers.of(resource);
      const find = () => informer.get(name, resource.namespaced ? "shop" : undefined);
      const timeout = setTimeout(
        () => reject(new Error(`not reached by ${resource.kind} ${name}: ${JSON.stringify(find())}`)),
        5_000,
      );
      const look = () => {
        const object = find();
        if (!informer.isSynced || !holds(object)) return;
        clearTimeout(timeout);
        stop();
        resolve(object);
      };
      const stop = informer.addHandler({ added: look, updated: look, deleted: look });
      informer.synced.then(look);
    });
  const claimIn = (name: string, phase: string) =>
    until(persistentVolumeClaims, name, (claim) => claim?.status?.phase === phase);
  const volumeIn = (name: string, phase: string) =>
    until(persistentVolumes, name, (volume) => volume?.status?.phase === phase);
  const told = (reason: string) =>
    until(events, "", () =>
      informers
        .of(events)
        .list()
        .some((event) => event.reason === reason),
    );
  await until(serviceAccounts, "default", (one) => one !== undefined);
  const addPod = (name: string, claimName: string, spec: object = {}) =>
    client.resource(pods, "shop").create({
      metadata: { name },
      spec: {
        containers: [{ name: "c", image: "web:1" }],
        volumes: [{ name: "d", persistentVolumeClaim: { claimName } }],
        ...spec,
      },
    });
  const nodeOf = async (name: string) =>
    (await until(pods, name, (pod) => pod?.spec?.nodeName !== undefined))?.spec?.nodeName;
  return { client, claims, volumes, until, claimIn, volumeIn, told, addNode, addPod, nodeOf };
}

function claim(name: string, spec: object = {}): PersistentVolumeClaim {
  return {
    metadata: { name },
    spec: {
      accessModes: ["ReadWriteOnce"],
      storageClassName: "",
      resources: { requests: { storage: "1Gi" } },
      ...spec,
    },
  };
}

function volume(name: string, spec: object = {}): PersistentVolume {
  return {
    metadata: { name },
    spec: {
      accessModes: ["ReadWriteOnce"],
      capacity: { storage: "2Gi" },
      hostPath: { path: `/data/${name}` },
      ...spec,
    },
  };
}

test("a claim and a volume find each other, whichever comes first; released, the volume is kept", async (t) => {
  const { claims, volumes, claimIn, volumeIn, told, until } = await newCluster(t);
  await claims.create(claim("disk"));
  await told("FailedBinding");
  await volumes.create(volume("v"));
  const bound = await claimIn("disk", "Bound");
  assert.equal(bound?.spec?.volumeName, "v");
  assert.deepEqual(bound?.status?.capacity, { storage: "2Gi" });
  assert.equal((await volumeIn("v", "Bound"))?.spec?.claimRef?.uid, bound?.metadata?.uid);
  await claims.delete("disk");
  await until(persistentVolumeClaims, "disk", (one) => one === undefined);
  await volumeIn("v", "Released");
  await claims.create(claim("disk"));
  await claimIn("disk", "Pending");
  await volumes.patch("v", { type: "merge", patch: { spec: { claimRef: null } } });
  await claimIn("disk", "Bound");
});

test("a volume kept for a claim waits for it; a claim whose volume goes is lost", async (t) => {
  const { claims, volumes, claimIn, volumeIn, until } = await newCluster(t);
  await volumes.create(volume("small"));
  await volumes.create(volume("kept", { claimRef: { namespace: "shop", name: "disk" } }));
  await volumeIn("small", "Available");
  await volumeIn("kept", "Available");
  await claims.create(claim("disk"));
  assert.equal((await claimIn("disk", "Bound"))?.spec?.volumeName, "kept");
  await volumes.delete("kept");
  // Protected while it is bound.
  assert.ok((await volumes.get("kept")).metadata?.deletionTimestamp);
  await volumes.patch("kept", { type: "merge", patch: { metadata: { finalizers: null } } });
  await until(persistentVolumes, "kept", (one) => one === undefined);
  await claimIn("disk", "Lost");
});

test("of many claims and volumes at once no two get the same", async (t) => {
  const { claims, volumes, claimIn } = await newCluster(t);
  const names = Array.from({ length: 20 }, (_, at) => `n${at}`);
  await Promise.all([
    ...names.map((name) => claims.create(claim(name))),
    ...names.map((name) => volumes.create(volume(name))),
  ]);
  const bound = await Promise.all(names.map((name) => claimIn(name, "Bound")));
  assert.equal(new Set(bound.map((one) => one?.spec?.volumeName)).size, names.length);
  for (const one of bound)
    assert.equal((await volumes.get(one?.spec?.volumeName ?? "")).spec?.claimRef?.name, one?.metadata?.name);
});

test("a claim of the default class gets a directory once a node is selected, grows, and takes it along", async (t) => {
  const { claims, volumes, claimIn, told, until } = await newCluster(t);
  const made = await claims.create(claim("disk", { storageClassName: undefined }));
  assert.equal(made.spec?.storageClassName, "local");
  await told("WaitForFirstConsumer");
  await claims.patch("disk", {
    type: "merge",
    patch: { metadata: { annotations: { [selectedNode]: "n1" } } },
  });
  const name = `pvc-${made.metadata?.uid}`;
  assert.equal((await claimIn("disk", "Bound"))?.spec?.volumeName, name);
  await told("ProvisioningSucceeded");
  assert.equal((await volumes.get(name)).spec?.local?.path, `/data/${name}`);
  const larger = { spec: { resources: { requests: { storage: "3Gi" } } } };
  await claims.patch("disk", { type: "merge", patch: larger });
  await until(persistentVolumeClaims, "disk", (one) => one?.status?.capacity?.storage === "3Gi");
  await claims.delete("disk");
  const going = await until(persistentVolumes, name, (one) => one?.metadata?.deletionTimestamp !== undefined);
  assert.ok(going?.metadata?.finalizers?.includes(localFinalizer));
  await volumes.patch(name, { type: "merge", patch: { metadata: { finalizers: null } } });
  await until(persistentVolumes, name, (one) => one === undefined);
});

test("a claim is not gone before the pods on nodes that use it", async (t) => {
  const { client, claims, volumes, claimIn, until, addPod } = await newCluster(t);
  await volumes.create(volume("v"));
  await claims.create(claim("disk"));
  await claimIn("disk", "Bound");
  await addPod("web", "disk", { nodeName: "n1" });
  await claims.delete("disk");
  const going = await until(
    persistentVolumeClaims,
    "disk",
    (one) => one?.metadata?.deletionTimestamp !== undefined,
  );
  assert.deepEqual(going?.metadata?.finalizers, ["kubernetes.io/pvc-protection"]);
  await client.resource(pods, "shop").delete("web", { gracePeriodSeconds: 0 });
  await until(persistentVolumeClaims, "disk", (one) => one === undefined);
});

test("a pod's own claim comes with it and goes with it", async (t) => {
  const { client, claims, until } = await newCluster(t);
  const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
  const volumes = [{ name: "own", ephemeral: { volumeClaimTemplate: { spec } } }];
  const shop = client.resource(pods, "shop");
  await shop.create({
    metadata: { name: "web" },
    spec: { containers: [{ name: "c", image: "web:1" }], volumes },
  });
  const made = await until(persistentVolumeClaims, "web-own", (one) => one !== undefined);
  assert.equal(made?.metadata?.ownerReferences?.[0]?.name, "web");
  await shop.delete("web", { gracePeriodSeconds: 0 });
  await until(persistentVolumeClaims, "web-own", (one) => one === undefined);
  assert.deepEqual((await claims.list()).items, []);
});

test("a pod with a claim is placed, its volume made where it goes, and both stay together", async (t) => {
  const { client, claims, claimIn, addNode, addPod, nodeOf, until } = await newCluster(t);
  await addNode("n2", { [localRootAnnotation]: "/data" });
  await addPod("early", "disk");
  await until(pods, "early", (pod) =>
    Boolean(pod?.status?.conditions?.[0]?.message?.includes('persistentvolumeclaim "disk" not found')),
  );
  await claims.create(claim("disk", { storageClassName: undefined }));
  const first = await nodeOf("early");
  const bound = await claimIn("disk", "Bound");
  assert.equal(bound?.metadata?.annotations?.[selectedNode], first);
  await client.resource(pods, "shop").delete("early", { gracePeriodSeconds: 0 });
  for (const name of ["a", "b", "c"]) {
    await addPod(name, "disk");
    assert.equal(await nodeOf(name), first);
  }
});

test("a node that keeps no volumes is given up for one that does", async (t) => {
  const { client, claims, addNode, addPod, nodeOf, told } = await newCluster(t);
  await client.resource(nodes).delete("n1");
  await addNode("bare");
  await claims.create(claim("disk", { storageClassName: undefined }));
  await addPod("web", "disk");
  await told("ProvisioningFailed");
  await addNode("n2", { [localRootAnnotation]: "/data" });
  await client.resource(nodes).patch("bare", { type: "merge", patch: { spec: { unschedulable: true } } });
  assert.equal(await nodeOf("web"), "n2");
});

test("pods whose volumes nobody makes hold up no other", async (t) => {
  const { client, claims, addPod, nodeOf, until } = await newCluster(t);
  await client.resource(storageClasses).create({
    metadata: { name: "nobody" },
    provisioner: "example.com/nobody",
    volumeBindingMode: "WaitForFirstConsumer",
  });
  const names = Array.from({ length: 70 }, (_, at) => `stuck-${at}`);
  await Promise.all(names.map((name) => claims.create(claim(name, { storageClassName: "nobody" }))));
  await Promise.all(names.map((name) => addPod(name, name)));
  await Promise.all(
    names.map((name) =>
      until(persistentVolumeClaims, name, (one) => one?.metadata?.annotations?.[selectedNode] === "n1"),
    ),
  );
  await claims.create(claim("disk", { storageClassName: undefined }));
  await addPod("web", "disk");
  assert.equal(await nodeOf("web"), "n1");
});
