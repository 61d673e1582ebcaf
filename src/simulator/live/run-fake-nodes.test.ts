import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  fakeNodeKey,
  isPodReady,
  type Lease,
  leases,
  localFinalizer,
  localNodeLabel,
  nodes,
  type Pod,
  persistentVolumes,
  pods,
  simulatedRuntime,
} from "#api";
import { must, seededRandom, silentLogger, systemClock } from "#base";
import { testCluster } from "#testing";
import { fakeNode } from "./fake-node.ts";
import { runFakeNodes } from "./run-fake-nodes.ts";

const cluster = await testCluster({ namespaces: ["default", "kube-node-lease"] });
const { client } = cluster;
after(() => cluster.close());

/** The program, until it is stopped. */
function started(): { stop(): Promise<void> } {
  const ended = new AbortController();
  const logger = silentLogger;
  const { signal } = ended;
  const running = runFakeNodes({ client, clock: systemClock, random: seededRandom(1), logger, signal });
  return {
    stop() {
      ended.abort();
      return running;
    },
  };
}

async function podWhere(name: string, is: (pod: Pod) => boolean): Promise<Pod> {
  const watched = client.resource(pods, "default").watch({ fieldSelector: `metadata.name=${name}` });
  for await (const { object } of watched) if (is(object)) return object;
  throw new Error("the watch ended");
}

async function nodeReady(name: string): Promise<void> {
  for await (const { object } of client.resource(nodes).watch({ fieldSelector: `metadata.name=${name}` })) {
    if (object.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True")) return;
  }
}

/** The first lease comes right after the first status. */
async function leaseOf(name: string): Promise<Lease> {
  const watched = client
    .resource(leases, "kube-node-lease")
    .watch({ fieldSelector: `metadata.name=${name}` });
  for await (const { object } of watched) return object;
  throw new Error("the watch ended");
}

const podOn = (name: string, nodeName: string, more: Partial<NonNullable<Pod["spec"]>> = {}): Pod => ({
  metadata: { name },
  spec: { nodeName, containers: [{ name: "web", image: "nowhere/web:1" }], ...more },
});

test("a node labelled as fake becomes ready, with a lease; pods on it run and end", async () => {
  const program = started();
  await client.resource(nodes).create(fakeNode(0));
  await nodeReady("fake-0");
  const node = await client.resource(nodes).get("fake-0");
  assert.equal(node.status?.nodeInfo?.containerRuntimeVersion, simulatedRuntime);
  assert.deepEqual(node.spec?.taints?.at(0), { key: fakeNodeKey, value: "true", effect: "NoSchedule" });
  assert.equal((await leaseOf("fake-0")).spec?.holderIdentity, "fake-0");

  await client.resource(pods, "default").create(podOn("web", "fake-0"));
  const web = await podWhere("web", isPodReady);
  assert.equal(web.status?.podIP, "240.0.0.2");
  await client.resource(pods, "default").create(podOn("job", "fake-0", { restartPolicy: "Never" }));
  await podWhere("job", ({ status }) => status?.phase === "Succeeded");
  const gone = client.resource(pods, "default").watch({ fieldSelector: "metadata.name=web" });
  await client.resource(pods, "default").delete("web");
  for await (const { type } of gone) if (type === "DELETED") break;
  await program.stop();
});

test("when the program begins anew, pods go on where they were, and one that was taken for lost is ready again", async () => {
  const first = started();
  await client.resource(pods, "default").create(podOn("lasting", "fake-0"));
  const before = await podWhere("lasting", isPodReady);
  await first.stop();
  const lost = before.status?.conditions?.map((each) =>
    each.type === "Ready" ? { ...each, status: "False" } : each,
  );
  await client
    .resource(pods, "default")
    .patch(
      "lasting",
      { type: "strategic", patch: { status: { conditions: lost } } },
      { subresource: "status" },
    );
  const second = started();
  const again = await podWhere("lasting", isPodReady);
  assert.equal(again.status?.podIP, before.status?.podIP);
  assert.deepEqual(again.status?.containerStatuses, before.status?.containerStatuses);
  await second.stop();
});

test("a pod with a sidecar on a fake node has all of its containers ready", async () => {
  const program = started();
  const sidecar = { name: "proxy", image: "nowhere/proxy:1", restartPolicy: "Always" };
  await client
    .resource(pods, "default")
    .create(podOn("accompanied", "fake-0", { initContainers: [sidecar] }));
  await podWhere("accompanied", isPodReady);
  const table = await client.raw<{ rows: { cells: unknown[] }[] }>(
    "GET",
    "/api/v1/namespaces/default/pods/accompanied",
    undefined,
    { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" },
  );
  assert.deepEqual(table.rows[0]?.cells.slice(0, 3), ["accompanied", "2/2", "Running"]);
  await program.stop();
});

test("a node that has an agent is left alone, whatever it is labelled", async () => {
  const { nodeInfo } = must((await client.resource(nodes).get("fake-0")).status, "it has said how it is");
  const real = { ...must(nodeInfo, "it has said what it is"), containerRuntimeVersion: "crun://1.8" };
  await client.resource(nodes).create({
    metadata: { name: "real", labels: { [fakeNodeKey]: "true" } },
    status: { nodeInfo: real },
  });
  const program = started();
  await client.resource(nodes).create(fakeNode(1));
  await nodeReady("fake-1");
  assert.equal((await client.resource(nodes).get("real")).status?.conditions, undefined);
  await program.stop();
});

test("a fake node is what its object says: so many cores, GPUs, a zone of somebody's own", async () => {
  const program = started();
  await client.resource(nodes).create({
    metadata: { name: "gpu", labels: { [fakeNodeKey]: "true" } },
    spec: { podCIDR: "240.200.0.0/24" },
    status: { capacity: { cpu: "4", "example.com/gpu": "2" }, allocatable: { "example.com/gpu": "2" } },
  });
  await nodeReady("gpu");
  const { status } = await client.resource(nodes).get("gpu");
  assert.equal(status?.allocatable?.cpu, "4");
  assert.equal(status?.allocatable?.["example.com/gpu"], "2");
  const limits = { "example.com/gpu": "2" };
  const containers = [{ name: "c", image: "i", resources: { limits, requests: limits } }];
  await client.resource(pods, "default").create(podOn("learner", "gpu", { containers }));
  await podWhere("learner", isPodReady);
  await program.stop();
});

test("of a fake node's places, cores, memory and huge pages, pods get what its object says is for them", async () => {
  const program = started();
  const own = { "hugepages-2Mi": "1Gi", "ephemeral-storage": "20Gi", pods: "2" };
  const capacity = { cpu: "8", memory: "16Gi", ...own };
  const allocatable = { cpu: "6", memory: "12Gi", ...own, "hugepages-2Mi": "512Mi" };
  await client.resource(nodes).create({
    metadata: { name: "small", labels: { [fakeNodeKey]: "true" } },
    status: { capacity, allocatable },
  });
  await nodeReady("small");
  const { status } = await client.resource(nodes).get("small");
  assert.deepEqual(status?.capacity, capacity);
  assert.deepEqual(status?.allocatable, allocatable);
  for (const name of ["first", "second", "third"]) {
    await client.resource(pods, "default").create(podOn(name, "small"));
    const pod = await podWhere(name, (pod) => isPodReady(pod) || pod.status?.phase === "Failed");
    assert.equal(pod.status?.reason, name === "third" ? "OutOfpods" : undefined);
  }
  await program.stop();
});

test("pods that have ended hold no address of a fake node, and there are no more places than addresses", async () => {
  const program = started();
  await client.resource(nodes).create({
    metadata: { name: "narrow", labels: { [fakeNodeKey]: "true" } },
    spec: { podCIDR: "240.201.0.8/30" },
  });
  await nodeReady("narrow");
  const { status } = await client.resource(nodes).get("narrow");
  assert.equal(status?.capacity?.pods, "110");
  assert.equal(status?.allocatable?.pods, "1");
  for (const name of ["one", "two"]) {
    await client.resource(pods, "default").create(podOn(name, "narrow", { restartPolicy: "Never" }));
    const pod = await podWhere(name, ({ status }) => status?.phase === "Succeeded");
    assert.equal(pod.status?.podIP, "240.201.0.10");
  }
  await program.stop();
});

test("of volumes that are directories of a fake node nothing is left once they are deleted, bound ones stay", async () => {
  const program = started();
  await client.resource(nodes).create(fakeNode(3));
  await nodeReady("fake-3");
  const volumes = client.resource(persistentVolumes);
  const volume = (name: string) => ({
    metadata: { name, labels: { [localNodeLabel]: "fake-3" }, finalizers: [localFinalizer] },
    spec: {
      accessModes: ["ReadWriteOnce"],
      capacity: { storage: "1Gi" },
      local: { path: `/var/lib/nacre/volumes/${name}` },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: ["fake-3"] }] },
          ],
        },
      },
    },
  });
  const gone = volumes.watch({ fieldSelector: "metadata.name=free" });
  await volumes.create(volume("free"));
  const bound = await volumes.create(volume("bound"));
  await volumes.updateStatus({ ...bound, status: { phase: "Bound" } });
  await volumes.delete("bound");
  await volumes.delete("free");
  for await (const { type } of gone) if (type === "DELETED") break;
  assert.deepEqual((await volumes.get("bound")).metadata?.finalizers?.includes(localFinalizer), true);
  await program.stop();
});
