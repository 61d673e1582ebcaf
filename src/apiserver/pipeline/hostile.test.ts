import assert from "node:assert/strict";
import { after, test } from "node:test";
import { testAdmin, testCluster } from "#testing";
import { asking, configMapNamed, podNamed } from "../testing/ask.ts";

const cluster = await testCluster();
const ask = asking(cluster.server.transport(testAdmin));
after(() => cluster.close());

const maps = "/api/v1/namespaces/default/configmaps";
const pods = "/api/v1/namespaces/default/pods";
const merge = { "content-type": "application/merge-patch+json" };
const revisions = "/apis/apps/v1/namespaces/default/controllerrevisions";
const apply = { "content-type": "application/apply-patch+yaml" };

test("what is in no namespace cannot be reached through one", async () => {
  const roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/clusterroles";
  assert.equal((await ask(`POST ${roles}`, { metadata: { name: "mine" }, rules: [] })).status, 404);
  assert.equal((await ask("GET /api/v1/namespaces/default/nodes")).status, 404);
  assert.equal((await ask("GET /api/v1/namespaces/default/namespaces/kube-system")).status, 404);
  assert.equal((await ask("GET /api/v1/namespaces/default")).status, 200);
  assert.equal((await ask("GET /api/v1/namespaces/default/status")).status, 200);
});

test("an empty or divided name in a path names nothing", async () => {
  assert.equal((await ask("GET /api/v1/namespaces//pods")).status, 404);
  assert.equal((await ask(`GET ${pods}//status`)).status, 404);
  assert.equal((await ask("GET /api/v1/namespaces/default%2Fx/pods")).status, 400);
  assert.equal((await ask(`GET ${maps}/a%2Fb`)).status, 400);
});

test("what lies behind a subresource, and subresources that do not exist, are not found", async () => {
  await ask(`POST ${pods}`, podNamed("behind"));
  assert.equal((await ask(`GET ${pods}/behind/status`)).status, 200);
  for (const rest of ["status/more", "nothing", "constructor", "__proto__"]) {
    assert.equal((await ask(`GET ${pods}/behind/${rest}`)).status, 404, rest);
  }
});

test("a method that means nothing on a path is not allowed", async () => {
  for (const line of [`PATCH ${maps}`, `PUT ${maps}`, `POST ${maps}/a`]) {
    assert.equal((await ask(line, {}, merge)).status, 405, line);
  }
});

test("content types that are words of the language are unknown ones", async () => {
  for (const type of ["constructor", "__proto__", "toString"]) {
    const headers = { "content-type": type };
    assert.equal((await ask(`POST ${maps}`, configMapNamed("type"), headers)).status, 415, type);
    assert.equal((await ask(`PATCH ${maps}/type`, {}, headers)).status, 415, type);
  }
});

test("warnings about any field fit into a header", async () => {
  const fields = ["ключ", "a\u007f", "a\ud800", 'quo"te', "back\\slash", "new\nline"];
  const odd = Object.fromEntries(fields.map((field) => [field, 1]));
  const { status, headers } = await ask(`POST ${maps}`, { ...configMapNamed("odd"), ...odd });
  assert.equal(status, 201);
  assert.match(headers.warning ?? "", /^[\t\x20-\x7e\x80-\xff]*$/);
  assert.match(Buffer.from(headers.warning ?? "", "latin1").toString("utf8"), /unknown field \\"ключ\\"/);
  const many = Object.fromEntries(Array.from({ length: 90 }, (_, index) => ["x".repeat(200) + index, 1]));
  const answer = await ask(`POST ${maps}`, { ...configMapNamed("many"), ...many });
  assert.ok((answer.headers.warning ?? "").length < 8192);
});

test("an eviction that is to be rehearsed evicts nobody", async () => {
  await ask(`POST ${pods}`, podNamed("stays"));
  const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "stays" } };
  const rehearsed = { ...eviction, deleteOptions: { dryRun: ["All"] } };
  assert.equal((await ask(`POST ${pods}/stays/eviction`, rehearsed)).status, 201);
  assert.equal((await ask(`POST ${pods}/stays/eviction?dryRun=All`, eviction)).status, 201);
  assert.equal((await ask(`GET ${pods}/stays`)).status, 200);
  const elsewhere = { ...eviction, metadata: { name: "stays", namespace: "kube-system" } };
  assert.equal((await ask(`POST ${pods}/stays/eviction`, elsewhere)).status, 400);
});

test("a delete that is to be rehearsed, as its body or its query says, deletes nothing", async () => {
  await ask(`POST ${maps}`, configMapNamed("stays"));
  await ask(`DELETE ${maps}/stays`, { dryRun: ["All"] });
  await ask(`DELETE ${maps}/stays?dryRun=All`, {});
  await ask(`DELETE ${maps}/stays?dryRun=All`, { dryRun: [] });
  assert.equal((await ask(`GET ${maps}/stays`)).status, 200);
});

test("applied YAML of any size is read without holding up others, and repeated keys are reported", async () => {
  const lines = Array.from({ length: 3000 }, (_, index) => `  key-${index}: "value"`).join("\n");
  const text = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yaml}\ndata:\n${lines}\n`;
  const { status, body } = await ask(`PATCH ${maps}/yaml?fieldManager=test`, text, apply);
  assert.equal(status, 201);
  assert.equal(Object.keys(body.data ?? {}).length, 3000);
  const twice = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: twice}\ndata: {a: "1", a: "2"}\n`;
  const warned = await ask(`PATCH ${maps}/twice?fieldManager=test`, twice, apply);
  assert.match(warned.headers.warning ?? "", /duplicate field \\"a\\"/);
  const strict = await ask(`PATCH ${maps}/twice?fieldManager=test&fieldValidation=Strict`, twice, apply);
  assert.equal(strict.status, 400);
});

test("YAML that refers to itself, explodes, or is nested without end is a bad request", async () => {
  const head = "apiVersion: apps/v1\nkind: ControllerRevision\nmetadata: {name: odd}\nrevision: 1\n";
  const letters = ["a", "b", "c", "d", "e", "f", "g"];
  const bomb = letters.map((letter, index) => {
    const before = letters[index - 1];
    return `${letter}: &${letter} [${Array(9).fill(before ? `*${before}` : "x")}]`;
  });
  const odd = ["data: &a\n  b: *a", bomb.join("\n"), `data: ${"[".repeat(9000)}${"]".repeat(9000)}`];
  for (const body of odd) {
    const { status } = await ask(`PATCH ${revisions}/odd?fieldManager=test`, head + body, apply);
    assert.equal(status, 400, body.slice(0, 40));
  }
});

test("an applied configuration says nothing about managed fields", async () => {
  const configuration = configMapNamed("owned", {}, { managedFields: [{ manager: "somebody" }] });
  assert.equal((await ask(`PATCH ${maps}/owned?fieldManager=test`, configuration, apply)).status, 400);
});

test("parameters that mean nothing are bad requests", async () => {
  const lists = [
    ...["x", "-1", "1.5", "1e3", "0x10", "99999999999999999999"].map((word) => `resourceVersion=${word}`),
    ...["x", "-1", "1.5", "1e9", "99999999999999999999"].map((word) => `limit=${word}`),
    ...["x", "AAAA", "e30", "bnVsbA", "A".repeat(10_000)].map((word) => `limit=1&continue=${word}`),
    ...["x", "=", "a=b", "__proto__=x", "constructor=x", "metadata.name=m\\"].map(
      (word) => `fieldSelector=${word}`,
    ),
    ...["=", "a=b=c", "a in (", "!", "a>x", "__proto__", "(", ",,"].map((word) => `labelSelector=${word}`),
  ];
  for (const query of lists) {
    assert.equal((await ask(`GET ${maps}?${encodeURI(query).replaceAll("+", "%2B")}`)).status, 400, query);
  }
  for (const query of ["resourceVersion=x", "resourceVersion=-1", "timeoutSeconds=x", "timeoutSeconds=-1"]) {
    assert.equal((await ask(`GET ${maps}?watch=1&${query}`)).status, 400, query);
  }
  for (const query of ["fieldValidation=x", "fieldManager=%00", `fieldManager=${"x".repeat(129)}`]) {
    assert.equal((await ask(`POST ${maps}?${query}`, configMapNamed("parameters"))).status, 400, query);
  }
  assert.equal((await ask(`POST ${maps}?dryRun=x`, configMapNamed("parameters"))).status, 422);
  assert.equal((await ask(`GET ${maps}/parameters`)).status, 404);
});

test("paths with bytes that no name has, and very long ones, lead nowhere", async () => {
  const paths = [
    `${maps}/%00`,
    `${maps}/a%00b`,
    "/api/v1/%00",
    "/%",
    "/%zz",
    "//",
    "/api//v1",
    "*",
    `/${"a".repeat(1_000_000)}`,
  ];
  for (const path of paths) assert.equal((await ask(`GET ${path}`)).status, 404, path.slice(0, 40));
});
