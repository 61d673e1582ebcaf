import assert from "node:assert/strict";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { testAdmin, testCluster } from "#testing";
import { asking, configMapNamed, podNamed } from "../testing/ask.ts";

/** Bodies that mean harm, or nothing. */
const cluster = await testCluster();
const ask = asking(cluster.server.transport(testAdmin));
after(() => cluster.close());

const maps = "/api/v1/namespaces/default/configmaps";
const pods = "/api/v1/namespaces/default/pods";
const revisions = "/apis/apps/v1/namespaces/default/controllerrevisions";
const merge = { "content-type": "application/merge-patch+json" };
const jsonPatch = { "content-type": "application/json-patch+json" };
const apply = { "content-type": "application/apply-patch+yaml" };

test("a patch cannot nest a value deeper than a body may be", async () => {
  const claim = { metadata: { name: "deep" }, revision: 1, data: { a: {} } };
  assert.equal((await ask(`POST ${revisions}`, claim)).status, 201);
  const doubling = Array.from({ length: 16 }, (_, index) => ({
    op: "copy",
    from: "/data",
    path: `/data${"/a".repeat(2 ** index)}`,
  }));
  const adding = Array.from({ length: 4 }, (_, index) => ({
    op: "add",
    path: `/data${"/a".repeat(400 * index + 1)}`,
    value: JSON.parse(nested(400)),
  }));
  for (const patch of [doubling, adding]) {
    const { status, body } = await ask(`PATCH ${revisions}/deep`, patch, jsonPatch);
    assert.equal(status, 422);
    assert.match(body.message ?? "", /nested deeper than 1000/);
  }
  assert.deepEqual((await ask(`GET ${revisions}/deep`)).body.data, { a: {} });
});

test("a body nested a hundred thousand levels deep is a bad request, whatever it is", async () => {
  await ask(`POST ${maps}`, configMapNamed("flat"));
  const list = "[".repeat(100_000) + "]".repeat(100_000);
  for (const type of [
    "json-patch+json",
    "merge-patch+json",
    "strategic-merge-patch+json",
    "apply-patch+yaml",
  ]) {
    const line = `PATCH ${maps}/flat?fieldManager=test`;
    for (const body of [list, nested(100_000)]) {
      assert.equal((await ask(line, body, { "content-type": `application/${type}` })).status, 400, type);
    }
  }
  for (const body of [list, nested(100_000)]) assert.equal((await ask(`POST ${maps}`, body)).status, 400);
});

test("a number that cannot be kept as it is, is refused: no other client could read what would be stored", async () => {
  const pod = JSON.stringify(podNamed("number", { spec: { terminationGracePeriodSeconds: 77_777 } }));
  for (const number of [
    "9223372036854775807",
    "9007199254740993",
    "1e300",
    "1e999",
    "-1e999",
    "1.5",
    "NaN",
  ]) {
    assert.equal((await ask(`POST ${pods}`, pod.replace("77777", number))).status, 400, number);
  }
  const revision = `{"metadata":{"name":"number"},"revision":1,"data":{"a":[1e999]}}`;
  assert.equal((await ask(`POST ${revisions}`, revision)).status, 400);
  const options = `{"gracePeriodSeconds":-1e99}`;
  await ask(`POST ${maps}`, configMapNamed("number"));
  assert.equal((await ask(`DELETE ${maps}/number`, options)).status, 400);
  assert.equal((await ask(`GET ${maps}/number`)).status, 200);
});

test("managed fields that mean nothing are not stored, and what was known of owners stays", async () => {
  const map = configMapNamed("fields", { a: "1" });
  await ask(`PATCH ${maps}/fields?fieldManager=first`, map, apply);
  const sets = [
    { "f:data": "x" },
    { "f:data": { "f:a": null } },
    { "f:data": { a: {} } },
    { "f:data": { "k:{": {} } },
    { "f:data": { "v:": {} } },
    { "f:data": { "i:x": {} } },
    { "": {} },
    [1, 2],
  ];
  const odd = sets.map((fieldsV1) => ({
    manager: "odd",
    operation: "Apply",
    fieldsType: "FieldsV1",
    fieldsV1,
  }));
  for (const entry of [...odd, { manager: "odd", operation: "Nothing" }]) {
    const put = { ...map, metadata: { name: "fields", managedFields: [entry] } };
    const { status, body } = await ask(`PUT ${maps}/fields`, put);
    assert.equal(status, 200, JSON.stringify(entry));
    assert.deepEqual(
      body.metadata?.managedFields?.map(({ manager }) => manager),
      ["first"],
      JSON.stringify(entry),
    );
  }
  const taken = await ask(
    `PATCH ${maps}/fields?fieldManager=second`,
    configMapNamed("fields", { a: "2" }),
    apply,
  );
  assert.match(taken.body.message ?? "", /conflict with "first": \.data\.a/);
});

test("what one creator claims to own is not noted for others who create the like", async () => {
  const claim = {
    manager: "test",
    operation: "Update",
    apiVersion: "v1",
    fieldsType: "FieldsV1",
    fieldsV1: { "f:data": { "f:claimed": {} } },
  };
  const claiming = configMapNamed("claiming", { alike: "1" }, { managedFields: [claim] });
  const { text: own } = await ask(`POST ${maps}`, claiming);
  assert.match(own, /"f:claimed"/);
  const { text: others } = await ask(`POST ${maps}`, configMapNamed("modest", { alike: "1" }));
  assert.match(others, /"f:alike"/);
  assert.doesNotMatch(others, /"f:claimed"/);
});

test("names that every object of the language has are names like others", async () => {
  const text = `{"metadata":{"name":"words"},"data":{"__proto__":"a","constructor":"b","toString":"c","hasOwnProperty":"d"}}`;
  assert.equal((await ask(`POST ${maps}`, text)).status, 201);
  const merged = `{"data":{"__proto__":"e"},"__proto__":{"polluted":"1"}}`;
  assert.equal((await ask(`PATCH ${maps}/words`, merged, merge)).status, 200);
  const added = `[{"op":"add","path":"/data/valueOf","value":"f"},{"op":"remove","path":"/data/constructor"}]`;
  assert.equal((await ask(`PATCH ${maps}/words`, added, jsonPatch)).status, 200);
  for (const path of ["/__proto__/polluted", "/constructor/prototype/polluted", "/data/isPrototypeOf/x"]) {
    const reaching = [{ op: "add", path, value: "1" }];
    assert.equal((await ask(`PATCH ${maps}/words`, reaching, jsonPatch)).status, 422, path);
  }
  const { text: stored } = await ask(`GET ${maps}/words`);
  assert.match(stored, /"data":\{"__proto__":"e","toString":"c","hasOwnProperty":"d","valueOf":"f"\}/);
  assert.equal("polluted" in {}, false);
});

test("null is nothing where there may be nothing, and never a failure", async () => {
  const empty = `{"metadata":{"name":"null","labels":null,"ownerReferences":null,"managedFields":null},"data":null}`;
  assert.equal((await ask(`POST ${maps}`, empty)).status, 201);
  const bodies: readonly [line: string, body: string, status: number][] = [
    [`POST ${maps}`, "null", 400],
    [`POST ${maps}`, `{"metadata":null}`, 422],
    [`POST ${maps}`, `{"metadata":{"name":"n","ownerReferences":[null],"finalizers":[null]}}`, 422],
    [
      `POST ${pods}`,
      `{"metadata":{"name":"n"},"spec":{"containers":[null],"volumes":[null],"tolerations":[null]}}`,
      422,
    ],
    [
      `POST ${pods}`,
      `{"metadata":{"name":"n"},"spec":{"containers":[{"name":"a","image":"b","ports":[null],"env":[null]}]}}`,
      422,
    ],
    [
      "POST /apis/apps/v1/namespaces/default/deployments",
      `{"metadata":{"name":"n"},"spec":{"selector":null,"template":null}}`,
      422,
    ],
    [
      "POST /api/v1/namespaces/default/services",
      `{"metadata":{"name":"n"},"spec":{"ports":[null],"clusterIPs":[null]}}`,
      422,
    ],
    [`PATCH ${maps}/null`, "null", 400],
    [`DELETE ${maps}/null`, "null", 400],
  ];
  for (const [line, body, status] of bodies) {
    const headers = line.startsWith("PATCH") ? merge : {};
    assert.equal((await ask(line, body, headers)).status, status, `${line} ${body}`);
  }
  assert.equal((await ask(`GET ${maps}/null`)).status, 200);
});

test("a patch by directives that mean nothing changes nothing", async () => {
  await ask(`POST ${pods}`, podNamed("directed"));
  const { text: before } = await ask(`GET ${pods}/directed`);
  const strategic = { "content-type": "application/strategic-merge-patch+json" };
  const patches: readonly [patch: object, status: number][] = [
    [{ $patch: 5 }, 400],
    [{ $patch: "delete" }, 422],
    [{ spec: { $patch: "nothing" } }, 400],
    [{ spec: { containers: [{ $patch: "delete" }] } }, 400],
    [{ spec: { containers: [{ name: "app", $patch: "nothing" }] } }, 400],
    [{ spec: { containers: [null] } }, 400],
    [{ spec: { containers: { name: "app" } } }, 400],
    [{ spec: { containers: [{ image: "b" }] } }, 400],
    [{ spec: { "$setElementOrder/containers": "app" } }, 400],
    [{ spec: { "$setElementOrder/containers": [null, 5, { nme: "app" }] } }, 200],
    [{ spec: { "$setElementOrder/nothing": [1] } }, 200],
    [{ spec: { "$deleteFromPrimitiveList/containers": ["app"] } }, 200],
    [{ metadata: { "$deleteFromPrimitiveList/finalizers": "x" } }, 400],
    [{ spec: { $retainKeys: "x" } }, 400],
    [{ spec: { $retainKeys: [5] } }, 422],
  ];
  for (const [patch, status] of patches) {
    assert.equal(
      (await ask(`PATCH ${pods}/directed`, patch, strategic)).status,
      status,
      JSON.stringify(patch),
    );
  }
  assert.equal((await ask(`GET ${pods}/directed`)).text, before);
});

test("operations that reach beyond a list, or are too many, apply to nothing", async () => {
  await ask(`POST ${pods}`, podNamed("listed"));
  const { text: before } = await ask(`GET ${pods}/listed`);
  for (const index of ["2", "99999999999", "4294967296", "-1", "1e3", "00", "length"]) {
    const operation = { op: "add", path: `/spec/containers/${index}`, value: { name: "b", image: "c" } };
    assert.equal((await ask(`PATCH ${pods}/listed`, [operation], jsonPatch)).status, 422, index);
  }
  const many = Array(10_001).fill({ op: "test", path: "/kind", value: "Pod" });
  assert.equal((await ask(`PATCH ${pods}/listed`, many, jsonPatch)).status, 413);
  assert.equal((await ask(`GET ${pods}/listed`)).text, before);
});

test("a body that is not UTF-8 is read as Kubernetes reads it; one that is compressed is not read", async () => {
  const odd = Buffer.concat([
    Buffer.from('{"metadata":{"name":"bytes"},"data":{"a":"'),
    Buffer.from([0x61, 0xff, 0xc0]),
    Buffer.from('"}}'),
  ]);
  assert.deepEqual((await ask(`POST ${maps}`, odd)).body.data, { a: "a\ufffd\ufffd" });
  const zipped = gzipSync(JSON.stringify(configMapNamed("zipped")));
  const refused = await ask(`POST ${maps}`, zipped, { "content-encoding": "gzip" });
  assert.equal(refused.status, 415);
  assert.match(refused.body.message ?? "", /encoded \(gzip\)/);
});

/** An object that holds one that holds one …, as text. */
function nested(levels: number): string {
  return `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
}
