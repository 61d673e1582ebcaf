import assert from "node:assert/strict";
import { after, test } from "node:test";
import { testAdmin, testCluster } from "#testing";
import { asking, configMapNamed, podNamed } from "../testing/ask.ts";

const cluster = await testCluster();
const ask = asking(cluster.server.transport(testAdmin));
after(() => cluster.close());

const maps = "/api/v1/namespaces/default/configmaps";
const pods = "/api/v1/namespaces/default/pods";

test("a created object has an identity, a birth, a version, and whoever made its fields", async () => {
  const { status, body } = await ask(`POST ${maps}`, configMapNamed("born", { a: "1" }));
  assert.equal(status, 201);
  const { metadata } = body;
  assert.match(metadata?.uid ?? "", /^[0-9a-f-]{36}$/);
  assert.match(metadata?.creationTimestamp ?? "", /Z$/);
  assert.equal(metadata?.resourceVersion, String(cluster.store.revision));
  assert.equal(metadata?.namespace, "default");
  assert.equal(metadata?.managedFields?.[0]?.manager, "test");
  assert.deepEqual((await ask(`GET ${maps}/born`)).body, body);
});

test("a second object of the same name is refused", async () => {
  await ask(`POST ${maps}`, configMapNamed("twice"));
  const { status, body } = await ask(`POST ${maps}`, configMapNamed("twice"));
  assert.equal(status, 409);
  assert.equal(body.reason, "AlreadyExists");
  assert.equal(body.message, 'configmaps "twice" already exists');
});

test("generateName makes names that differ", async () => {
  const one = await ask(`POST ${pods}`, podNamed("", { metadata: { name: "", generateName: "web-" } }));
  const two = await ask(`POST ${pods}`, podNamed("", { metadata: { name: "", generateName: "web-" } }));
  assert.match(one.body.metadata?.name ?? "", /^web-[a-z0-9]{5}$/);
  assert.notEqual(one.body.metadata?.name, two.body.metadata?.name);
});

test("a node registers together with its status, and what it has may all be used unless it says otherwise", async () => {
  const capacity = { cpu: "4", memory: "8Gi", pods: "110" };
  const node = { apiVersion: "v1", kind: "Node", metadata: { name: "born" }, status: { capacity } };
  const { status, body } = await ask("POST /api/v1/nodes", node);
  assert.equal(status, 201);
  const { capacity: stored, allocatable } = body.status as Record<string, unknown>;
  assert.deepEqual({ stored, allocatable }, { stored: capacity, allocatable: capacity });
});

test("an update of a stale version conflicts and leaves the stored object untouched", async () => {
  const { body } = await ask(`POST ${maps}`, configMapNamed("stale", { a: "1" }));
  await ask(`PUT ${maps}/stale`, { ...body, data: { a: "2" } });
  const { status, body: refused } = await ask(`PUT ${maps}/stale`, { ...body, data: { a: "3" } });
  assert.equal(status, 409);
  assert.equal(refused.reason, "Conflict");
  assert.deepEqual((await ask(`GET ${maps}/stale`)).body.data, { a: "2" });
});

test("an update without a version replaces what is there", async () => {
  await ask(`POST ${maps}`, configMapNamed("blind", { a: "1" }));
  const { status, body } = await ask(`PUT ${maps}/blind`, configMapNamed("blind", { b: "2" }));
  assert.equal(status, 200);
  assert.deepEqual(body.data, { b: "2" });
});

test("a write that changes nothing writes nothing", async () => {
  const { body } = await ask(`POST ${maps}`, configMapNamed("same", { a: "1" }));
  const before = cluster.store.revision;
  const put = await ask(`PUT ${maps}/same`, body);
  const patched = await ask(`PATCH ${maps}/same`, { data: { a: "1" } }, merge);
  assert.deepEqual([put.body, patched.body], [body, body]);
  assert.equal(cluster.store.revision, before);
});

test("what is not there is not found, in every verb", async () => {
  const missing = configMapNamed("missing");
  for (const line of [`GET ${maps}/missing`, `DELETE ${maps}/missing`]) {
    assert.equal((await ask(line)).body.message, 'configmaps "missing" not found', line);
  }
  assert.equal((await ask(`PUT ${maps}/missing`, missing)).status, 404);
  assert.equal((await ask(`PATCH ${maps}/missing`, {}, merge)).status, 404);
});

test("the object must be where the path says", async () => {
  const elsewhere = configMapNamed("a", {}, { namespace: "kube-system" });
  assert.equal((await ask(`POST ${maps}`, elsewhere)).status, 400);
  await ask(`POST ${maps}`, configMapNamed("here"));
  assert.equal((await ask(`PUT ${maps}/here`, configMapNamed("there"))).status, 400);
  assert.equal((await ask(`POST ${maps}`, podNamed("a"))).status, 400);
  assert.equal((await ask("POST /api/v1/configmaps", configMapNamed("a"))).status, 405);
});

test("an invalid object is refused with the fields that are wrong", async () => {
  const { status, body } = await ask(`POST ${pods}`, podNamed("UPPER", { spec: { containers: [] } }));
  assert.equal(status, 422);
  assert.equal(body.reason, "Invalid");
  const fields = body.details?.causes?.map((cause) => cause.field);
  assert.deepEqual(fields?.sort(), ["metadata.name", "spec.containers"]);
});

test("a dry run answers as if, and stores nothing", async () => {
  const before = cluster.store.revision;
  const made = await ask(`POST ${maps}?dryRun=All`, configMapNamed("dry"));
  assert.equal(made.status, 201);
  assert.equal((await ask(`GET ${maps}/dry`)).status, 404);
  assert.equal(cluster.store.revision, before);
  await ask(`POST ${maps}`, configMapNamed("wet", { a: "1" }));
  const patched = await ask(`PATCH ${maps}/wet?dryRun=All`, { data: { a: "2" } }, merge);
  assert.deepEqual(patched.body.data, { a: "2" });
  await ask(`DELETE ${maps}/wet?dryRun=All`);
  assert.deepEqual((await ask(`GET ${maps}/wet`)).body.data, { a: "1" });
  assert.equal((await ask(`POST ${maps}?dryRun=Some`, configMapNamed("x"))).status, 422);
});

test("fields that a kind does not have are dropped, warned about, or refused", async () => {
  const odd = { ...configMapNamed("odd"), color: "blue" };
  const warned = await ask(`POST ${maps}`, odd);
  assert.equal(warned.status, 201);
  assert.equal(warned.headers.warning, '299 - "unknown field \\"color\\""');
  assert.ok(!("color" in warned.body));
  const strict = await ask(`PUT ${maps}/odd?fieldValidation=Strict`, odd);
  assert.equal(strict.status, 400);
  assert.match(strict.body.message ?? "", /strict decoding error: unknown field "color"/);
  assert.equal((await ask(`PUT ${maps}/odd?fieldValidation=Ignore`, odd)).headers.warning, undefined);
  const twice = '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"t"},"data":{"a":"1"},"data":{}}';
  assert.equal((await ask(`POST ${maps}`, twice)).headers.warning, '299 - "duplicate field \\"data\\""');
});

test("status and the rest are written through different doors", async () => {
  const { body } = await ask(`POST ${pods}`, podNamed("doors", { status: { phase: "Running" } }));
  assert.notEqual((body.status as { phase?: string }).phase, "Running");
  const path = `${pods}/doors`;
  const change = { metadata: { labels: { a: "b" } }, status: { phase: "Running" } };
  const viaObject = await ask(`PATCH ${path}`, change, merge);
  assert.deepEqual(viaObject.body.metadata?.labels, { a: "b" });
  assert.notEqual((viaObject.body.status as { phase?: string }).phase, "Running");
  const both = { status: { phase: "Running" }, spec: { nodeName: "n1" } };
  const viaStatus = await ask(`PATCH ${path}/status`, both, merge);
  assert.equal((viaStatus.body.status as { phase?: string }).phase, "Running");
  assert.equal(viaStatus.body.spec?.nodeName, undefined);
});

test("patches at the same time all count: none is lost to another", async () => {
  await ask(`POST ${maps}`, configMapNamed("busy"));
  const patches = Array.from({ length: 50 }, (_, index) =>
    ask(`PATCH ${maps}/busy`, { data: { [`k${index}`]: "1" } }, merge),
  );
  const statuses = (await Promise.all(patches)).map((each) => each.status);
  assert.deepEqual(new Set(statuses), new Set([200]));
  const { body } = await ask(`GET ${maps}/busy`);
  assert.equal(Object.keys(body.data ?? {}).length, 50);
});

const merge = { "content-type": "application/merge-patch+json" };
