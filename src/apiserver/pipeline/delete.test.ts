import assert from "node:assert/strict";
import { after, test } from "node:test";
import { systemClock } from "#base";
import { testAdmin, testCluster } from "#testing";
import { asking, configMapNamed, podNamed } from "../testing/ask.ts";

const cluster = await testCluster();
const ask = asking(cluster.server.transport(testAdmin));
after(() => cluster.close());

const maps = "/api/v1/namespaces/default/configmaps";
const pods = "/api/v1/namespaces/default/pods";
const merge = { "content-type": "application/merge-patch+json" };

test("a deleted object is gone, and the answer says which it was", async () => {
  const { body } = await ask(`POST ${maps}`, configMapNamed("a"));
  const deleted = await ask(`DELETE ${maps}/a`);
  assert.equal(deleted.status, 200);
  assert.equal(deleted.body.status, "Success");
  assert.deepEqual(deleted.body.details, { name: "a", kind: "configmaps", uid: body.metadata?.uid });
  assert.equal((await ask(`GET ${maps}/a`)).status, 404);
});

test("a finalizer holds the object until it is taken away", async () => {
  await ask(`POST ${maps}`, configMapNamed("held", {}, { finalizers: ["example.com/hold"] }));
  const deleted = await ask(`DELETE ${maps}/held`);
  assert.ok(deleted.body.metadata?.deletionTimestamp);
  const revision = cluster.store.revision;
  await ask(`DELETE ${maps}/held`);
  assert.equal(cluster.store.revision, revision, "a second delete changes nothing");
  const added = { metadata: { finalizers: ["example.com/hold", "example.com/more"] } };
  assert.equal((await ask(`PATCH ${maps}/held`, added, merge)).status, 422);
  await ask(`PATCH ${maps}/held`, { metadata: { finalizers: null } }, merge);
  assert.equal((await ask(`GET ${maps}/held`)).status, 404);
});

test("preconditions protect another object of the same name", async () => {
  const { body } = await ask(`POST ${maps}`, configMapNamed("guarded"));
  const wrong = { preconditions: { uid: "another" } };
  assert.equal((await ask(`DELETE ${maps}/guarded`, wrong)).status, 409);
  assert.equal(
    (await ask(`DELETE ${maps}/guarded`, { preconditions: { resourceVersion: "1" } })).status,
    409,
  );
  const right = { preconditions: { uid: body.metadata?.uid } };
  assert.equal((await ask(`DELETE ${maps}/guarded`, right)).status, 200);
});

test("the propagation policy becomes the finalizer that the garbage collector looks for", async () => {
  for (const [policy, finalizer] of [
    ["Orphan", "orphan"],
    ["Foreground", "foregroundDeletion"],
  ] as const) {
    await ask(`POST ${maps}`, configMapNamed(finalizer.toLowerCase()));
    const { body } = await ask(`DELETE ${maps}/${finalizer.toLowerCase()}?propagationPolicy=${policy}`);
    assert.deepEqual(body.metadata?.finalizers, [finalizer]);
  }
  const background = await ask(`DELETE ${maps}/orphan?propagationPolicy=Background`);
  assert.equal(background.body.status, "Success");
  assert.equal((await ask(`DELETE ${maps}/foregrounddeletion?propagationPolicy=Odd`)).status, 422);
});

test("an unscheduled pod goes at once, a running one is given its time", async () => {
  await ask(`POST ${pods}`, podNamed("waiting"));
  await ask(`DELETE ${pods}/waiting`);
  assert.equal((await ask(`GET ${pods}/waiting`)).status, 404);

  await ask(`POST ${pods}`, podNamed("running", { spec: { nodeName: "n1" } }));
  const { body } = await ask(`DELETE ${pods}/running`);
  assert.equal(body.metadata?.deletionGracePeriodSeconds, 30);
  const ends = Date.parse(body.metadata?.deletionTimestamp ?? "") - systemClock.now();
  assert.ok(ends > 25_000 && ends <= 31_000, `ends in ${ends} ms`);

  const shorter = await ask(`DELETE ${pods}/running`, { gracePeriodSeconds: 5 });
  assert.equal(shorter.body.metadata?.deletionGracePeriodSeconds, 5);
  const longer = await ask(`DELETE ${pods}/running`, { gracePeriodSeconds: 60 });
  assert.equal(longer.body.metadata?.deletionGracePeriodSeconds, 5);
  await ask(`DELETE ${pods}/running?gracePeriodSeconds=0`);
  assert.equal((await ask(`GET ${pods}/running`)).status, 404);
});

test("a namespace is terminating until it is finalized", async () => {
  await ask("POST /api/v1/namespaces", { metadata: { name: "shop" } });
  const { body } = await ask("DELETE /api/v1/namespaces/shop");
  assert.deepEqual(body.status, { phase: "Terminating" });
  const finalized = { ...body, spec: { finalizers: [] } };
  await ask("PUT /api/v1/namespaces/shop/finalize", finalized);
  assert.equal((await ask("GET /api/v1/namespaces/shop")).status, 404);
});

test("deleting a collection deletes what the selectors match, and answers with it", async () => {
  for (const name of ["c1", "c2", "c3"]) {
    await ask(`POST ${maps}`, configMapNamed(name, {}, { labels: { keep: String(name === "c3") } }));
  }
  const { status, body } = await ask(`DELETE ${maps}?labelSelector=keep%3Dfalse`);
  assert.equal(status, 200);
  assert.deepEqual(
    body.items?.map((item) => item.metadata?.name),
    ["c1", "c2"],
  );
  const left = await ask(`GET ${maps}?labelSelector=keep`);
  assert.deepEqual(
    left.body.items?.map((item) => item.metadata?.name),
    ["c3"],
  );
});

test("a binding gives a pod its node, once", async () => {
  const { managedFields } = (await ask(`POST ${pods}`, podNamed("bound"))).body.metadata ?? {};
  assert.equal(managedFields?.length, 1);
  const binding = { target: { kind: "Node", name: "n1" } };
  const { status, body } = await ask(`POST ${pods}/bound/binding`, binding);
  assert.deepEqual([status, body.status], [201, "Success"]);
  const pod = (await ask(`GET ${pods}/bound`)).body;
  assert.equal(pod.spec?.nodeName, "n1");
  assert.deepEqual(pod.metadata?.managedFields, managedFields);
  const { conditions } = pod.status as { conditions: { type: string; status: string }[] };
  assert.equal(conditions.find((each) => each.type === "PodScheduled")?.status, "True");
  const again = await ask(`POST ${pods}/bound/binding`, binding);
  assert.equal(again.status, 409);
  assert.match(again.body.message ?? "", /already assigned to node "n1"/);
  assert.equal((await ask(`POST ${pods}/nobody/binding`, binding)).status, 404);
});

test("a binding that says what no binding has is warned about it", async () => {
  await ask(`POST ${pods}`, podNamed("odd"));
  const binding = { target: { kind: "Node", name: "n1" }, color: "red" };
  const { status, headers } = await ask(`POST ${pods}/odd/binding`, binding);
  assert.deepEqual([status, headers.warning], [201, '299 - "unknown field \\"color\\""']);
});

test("a pod that is bound no longer waits for a node", async () => {
  await ask(`POST ${pods}`, podNamed("nominated"));
  const statusOf = async () => (await ask(`GET ${pods}/nominated`)).body.status as Record<string, unknown>;
  const { body } = await ask(`GET ${pods}/nominated`);
  await ask(`PUT ${pods}/nominated/status`, { ...body, status: { nominatedNodeName: "n1" } });
  assert.equal((await statusOf()).nominatedNodeName, "n1");
  await ask(`POST ${pods}/nominated/binding`, { target: { kind: "Node", name: "n2" } });
  assert.equal((await statusOf()).nominatedNodeName, undefined);
});

test("an eviction is a delete", async () => {
  await ask(`POST ${pods}`, podNamed("evicted"));
  const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "evicted" } };
  assert.equal((await ask(`POST ${pods}/evicted/eviction`, eviction)).status, 201);
  assert.equal((await ask(`GET ${pods}/evicted`)).status, 404);
});
