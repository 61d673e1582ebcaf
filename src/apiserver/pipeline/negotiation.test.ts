import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { parse } from "yaml";
import { encodeProtobuf } from "#api/behaviour";
import { testAdmin, testCluster } from "#testing";
import { maxBodyBytes } from "../limits.ts";
import { asking, configMapNamed, podNamed } from "../testing/ask.ts";

const cluster = await testCluster();
const ask = asking(cluster.server.transport(testAdmin));
after(() => cluster.close());

const pods = "/api/v1/namespaces/default/pods";
const maps = "/api/v1/namespaces/default/configmaps";
const as = (kind: string) => ({
  accept: `application/json;as=${kind};v=v1;g=meta.k8s.io,application/json`,
});

before(async () => {
  await ask(`POST ${pods}`, podNamed("web"));
});

test("a table shows a row per object, with as much of the object as is asked for", async () => {
  const { body } = await ask(`GET ${pods}`, undefined, as("Table"));
  assert.equal(body.kind, "Table");
  assert.deepEqual(body.columnDefinitions?.map((column) => column.name).slice(0, 3), [
    "Name",
    "Ready",
    "Status",
  ]);
  const [row] = body.rows ?? [];
  assert.equal(row?.cells[0], "web");
  assert.equal(row?.object?.kind, "PartialObjectMetadata");
  const bare = await ask(`GET ${pods}?includeObject=None`, undefined, as("Table"));
  assert.equal(bare.body.rows?.[0]?.object, undefined);
  const whole = await ask(`GET ${pods}/web?includeObject=Object`, undefined, as("Table"));
  assert.equal(whole.body.rows?.[0]?.object?.kind, "Pod");
});

test("partial metadata leaves out spec and status", async () => {
  const one = await ask(`GET ${pods}/web`, undefined, as("PartialObjectMetadata"));
  assert.deepEqual(Object.keys(one.body).sort(), ["apiVersion", "kind", "metadata"]);
  const all = await ask(`GET ${pods}`, undefined, as("PartialObjectMetadataList"));
  assert.equal(all.body.kind, "PartialObjectMetadataList");
  assert.equal(all.body.items?.[0]?.spec, undefined);
});

test("whoever wants no more than metadata of what was written or read is given it, with or without managed fields", async () => {
  const writes: [string, object, Record<string, string>][] = [
    [`POST ${maps}`, configMapNamed("part", { a: "b" }), {}],
    [`PATCH ${maps}/part`, { data: { c: "d" } }, { "content-type": "application/merge-patch+json" }],
    [`PUT ${maps}/part`, configMapNamed("part", { e: "f" }), {}],
    [`GET ${maps}/part`, {}, {}],
  ];
  for (const [line, body, headers] of writes) {
    for (const omits of ["", ";omit=managedFields"]) {
      const accept = `application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io${omits}`;
      const sent = line.startsWith("GET") ? undefined : body;
      const answer = await ask(line, sent, { ...headers, accept });
      const { managedFields, ...metadata } = (await ask(`GET ${maps}/part`)).body.metadata ?? {};
      assert.ok(managedFields?.length);
      const expected = omits ? metadata : { ...metadata, managedFields };
      const head = { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1" };
      assert.deepEqual(answer.body, { ...head, metadata: expected }, `${line}${omits}`);
      if (line.startsWith("POST")) await ask(`DELETE ${maps}/part`);
    }
    if (line.startsWith("POST")) await ask(line, body);
  }
});

test("managed fields are left out of a list, and of the answer to a write, for who asks for that, and stay stored", async () => {
  const lean = { accept: "application/json;omit=managedFields" };
  const writes: [string, object, Record<string, string>][] = [
    [`POST ${maps}`, configMapNamed("lean", { a: "b" }), {}],
    [`PATCH ${maps}/lean`, { data: { c: "d" } }, { "content-type": "application/merge-patch+json" }],
    [`PUT ${maps}/lean`, configMapNamed("lean", { e: "f" }), {}],
  ];
  for (const [line, body, headers] of writes) {
    const answer = await ask(line, body, { ...headers, ...lean });
    const { managedFields, ...metadata } = (await ask(`GET ${maps}/lean`)).body.metadata ?? {};
    assert.ok(managedFields?.length);
    assert.deepEqual(answer.body.metadata, metadata);
    const listed = (await ask(`GET ${maps}`, undefined, lean)).body.items ?? [];
    assert.deepEqual(listed.find((item) => item.metadata?.name === "lean")?.metadata, metadata);
  }
});

test("YAML is read and written", async () => {
  const text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y}\ndata: {a: b}\n";
  const yaml = "application/yaml";
  const made = await ask(`POST ${maps}`, text, { "content-type": yaml, accept: yaml });
  assert.equal(made.status, 201);
  assert.equal(made.headers["content-type"], yaml);
  assert.deepEqual(parse(made.text).data, { a: "b" });
  assert.equal((await ask(`POST ${maps}`, "a: [", { "content-type": yaml })).status, 400);
});

test("protobuf is read, and answered in JSON", async () => {
  const protobuf = "application/vnd.kubernetes.protobuf";
  const headers = { "content-type": protobuf, accept: `${protobuf},application/json` };
  const { status, body } = await ask(
    `POST ${maps}`,
    encodeProtobuf(configMapNamed("p", { a: "b" })),
    headers,
  );
  assert.equal(status, 201);
  assert.deepEqual(body.data, { a: "b" });
  assert.equal((await ask(`POST ${maps}`, "nonsense", headers)).status, 400);
});

test("what cannot be read is refused, and nothing is stored", async () => {
  const before = cluster.store.revision;
  const refusals: [string, string | object, Record<string, string>, number][] = [
    ["malformed JSON", '{"a":', {}, 400],
    ["not an object", "[]", {}, 400],
    ["no body", "", {}, 400],
    ["a wrong type", { metadata: { name: 5 } }, {}, 400],
    ["an unknown content type", "<x/>", { "content-type": "text/xml" }, 415],
    ["an unknown form", configMapNamed("n"), { accept: "text/html" }, 406],
    ["too much", configMapNamed("n", { a: "x".repeat(maxBodyBytes) }), {}, 413],
  ];
  for (const [why, body, headers, status] of refusals) {
    const answer = await ask(`POST ${maps}`, body, headers);
    assert.equal(answer.status, status, why);
    assert.equal(answer.body.kind, "Status", why);
  }
  assert.equal(cluster.store.revision, before);
});

test("a path that is nobody's is not found, in the words that kubectl prints", async () => {
  for (const path of ["/", "/api/v2", "/api/v1/wheels", "/apis/example.com/v1/x", "/api/v1/a/b/c/d/e"]) {
    const { status, body } = await ask(`GET ${path}`);
    assert.equal(status, 404, path);
    assert.equal(body.message, "the server could not find the requested resource", path);
  }
});
