import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parse } from "yaml";
import { createMachine } from "./machine.ts";
import { typing } from "./typing.ts";

/** What arrives wrong is answered with a Kubernetes Status that says why, and nothing of it is stored. */
const machine = await createMachine();
const socketPath = join(machine.directory, "api.sock");
let credentials: { readonly ca: string; readonly cert: string; readonly key: string };

after(() => machine.remove());
before(async () => {
  await machine.up();
  const config = parse(await readFile(machine.kubeconfig, "utf8"));
  const decoded = (text: string) => Buffer.from(text, "base64").toString();
  const { user } = config.users[0];
  credentials = {
    ca: decoded(config.clusters[0].cluster["certificate-authority-data"]),
    cert: decoded(user["client-certificate-data"]),
    key: decoded(user["client-key-data"]),
  };
  // A door into the machine's network for this process, which stands outside.
  const door = machine.start("socat", ["-d", "-d", `UNIX-LISTEN:${socketPath},fork`, "TCP:127.0.0.1:6443"]);
  await door.printed(/listening on/);
  // All that the cluster itself puts there: the controllers may begin later than the node is ready.
  await run("wait --for=create configmap/kube-root-ca.crt --timeout=60s");
});

const { run, fails, get } = typing(machine);
const configMaps = "/api/v1/namespaces/default/configmaps";

test("a body that is no JSON: BadRequest, nothing stored", async () => {
  for (const body of ["{", "no json", "[]", '"text"', "null", "", '{"metadata":{"name":"half"']) {
    const { status, answer } = await ask("POST", configMaps, { body });
    assert.equal(status, 400, body);
    assertStatus(answer, 400, "BadRequest");
  }
  assert.match(await run("get configmaps -o name"), /^configmap\/kube-root-ca\.crt$/);
});

test("fields of the wrong type: BadRequest that names the field", async () => {
  const body = JSON.stringify({ metadata: { name: "odd" }, data: { a: 1 } });
  const { status, answer } = await ask("POST", configMaps, { body });
  assert.equal(status, 400);
  assert.match(answer.message, /data.*string|string.*data/i);
  const deployment = { metadata: { name: "odd" }, spec: { replicas: "three" } };
  const other = await ask("POST", "/apis/apps/v1/namespaces/default/deployments", {
    body: JSON.stringify(deployment),
  });
  assert.equal(other.status, 400);
  assert.match(other.answer.message, /replicas/);
});

test("a body longer than a request may be: RequestEntityTooLarge, and the server goes on", async () => {
  const { status, answer } = await ask("POST", configMaps, { announcedBytes: 4 * 1024 * 1024 });
  assert.equal(status, 413);
  assertStatus(answer, 413, "RequestEntityTooLarge");
  const medium = JSON.stringify({ metadata: { name: "big" }, data: { a: "x".repeat(1_200_000) } });
  const refused = await ask("POST", configMaps, { body: medium });
  assert.equal(refused.status, 422);
  assert.match(refused.answer.message, /Too long: may not be more than 1048576 bytes/);
  assert.match(await fails("get configmap big"), /not found/);
});

test("unknown and doubled fields: refused when strict, named in a warning when not", async () => {
  const body = '{"metadata":{"name":"unknown"},"data":{"a":"1","a":"2"},"colour":"red"}';
  const strict = await ask("POST", `${configMaps}?fieldValidation=Strict`, { body });
  assert.equal(strict.status, 400);
  assert.match(strict.answer.message, /strict decoding error: .*unknown field "colour"/);
  assert.match(strict.answer.message, /duplicate field "data\.a"/);
  assert.match(await fails("get configmap unknown"), /not found/);
  const warned = await ask("POST", `${configMaps}?fieldValidation=Warn`, { body });
  assert.equal(warned.status, 201);
  assert.match(String(warned.headers.warning), /299 - "unknown field \\"colour\\""/);
  assert.equal("colour" in warned.answer, false);
  const ignored = await ask("PUT", `${configMaps}/unknown?fieldValidation=Ignore`, { body });
  assert.equal(ignored.status, 200);
  assert.equal(ignored.headers.warning, undefined);
});

test("what breaks a kind's rules: Invalid, with every cause and its field", async () => {
  const pod = {
    metadata: { name: "Not A Name" },
    spec: { containers: [{ name: "a" }, { name: "a", image: "x" }], restartPolicy: "Sometimes" },
  };
  const { status, answer } = await ask("POST", "/api/v1/namespaces/default/pods", {
    body: JSON.stringify(pod),
  });
  assert.equal(status, 422);
  assertStatus(answer, 422, "Invalid");
  const fields = answer.details?.causes?.map(({ field }) => field) ?? [];
  for (const field of [
    "metadata.name",
    "spec.containers[0].image",
    "spec.containers[1].name",
    "spec.restartPolicy",
  ]) {
    assert.ok(fields.includes(field), `${field} in ${fields.join(", ")}`);
  }
  assert.match(await run("get pods"), /No resources found/);
});

test("a stale version: Conflict, and the object stays as it is", async () => {
  await run("create configmap versioned --from-literal=a=1");
  const old = await get("configmap versioned");
  await run(`patch configmap versioned --type=merge -p '{"data":{"a":"2"}}'`);
  const { status, answer } = await ask("PUT", `${configMaps}/versioned`, {
    body: JSON.stringify({ ...old, data: { a: "3" } }),
  });
  assert.equal(status, 409);
  assertStatus(answer, 409, "Conflict");
  assert.match(
    answer.message,
    /Operation cannot be fulfilled on configmaps "versioned": the object has been modified/,
  );
  assert.equal((await get("configmap versioned")).data.a, "2");
  const wrong = await ask("DELETE", `${configMaps}/versioned`, {
    body: JSON.stringify({ preconditions: { uid: "another" } }),
  });
  assert.equal(wrong.status, 409);
  const again = await ask("POST", configMaps, { body: JSON.stringify({ metadata: { name: "versioned" } }) });
  assertStatus(again.answer, 409, "AlreadyExists");
});

test("unknown content types: UnsupportedMediaType and NotAcceptable", async () => {
  const body = "<configmap/>";
  const { status, answer } = await ask("POST", configMaps, { body, headers: { "content-type": "text/xml" } });
  assert.equal(status, 415);
  assertStatus(answer, 415, "UnsupportedMediaType");
  const patch = await ask("PATCH", `${configMaps}/versioned`, {
    body: "{}",
    headers: { "content-type": "application/json" },
  });
  assert.equal(patch.status, 415);
  const accept = await ask("GET", configMaps, { headers: { accept: "image/png" } });
  assert.equal(accept.status, 406);
});

test("protobuf that is none: BadRequest, nothing stored", async () => {
  const headers = { "content-type": "application/vnd.kubernetes.protobuf" };
  for (const body of ["", "k8s\0", "k8s\0\xff\xff\xff\xff", "nonsense"]) {
    const { status, answer } = await ask("POST", configMaps, { body, headers });
    assert.equal(status, 400, JSON.stringify(body));
    assertStatus(answer, 400, "BadRequest");
  }
});

test("wrong queries: BadRequest or Invalid, not an empty list", async () => {
  const wrong = [
    "labelSelector=a%3D%3D%3Db",
    "fieldSelector=spec.nothing%3D1",
    "limit=many",
    "continue=nonsense",
    "resourceVersion=old",
    "resourceVersionMatch=Exact",
  ];
  for (const query of wrong) {
    const { status, answer } = await ask("GET", `${configMaps}?${query}`);
    assert.ok(status === 400 || status === 422, `${query}: ${status}`);
    assertStatus(answer, status);
  }
  const old = await ask("GET", `${configMaps}?watch=true&resourceVersion=99999999999`);
  assert.ok([400, 410, 504].includes(old.status), `a version of the future: ${old.status}`);
});

test("paths, verbs and kinds that are not there: NotFound and MethodNotAllowed", async () => {
  for (const path of [
    "/nothing",
    "/api/v2/pods",
    "/apis/apps/v9/deployments",
    "/api/v1/namespaces/default/wheels",
  ]) {
    assert.equal((await ask("GET", path)).status, 404, path);
  }
  const { status, answer } = await ask("POST", "/api/v1/componentstatuses", { body: "{}" });
  assert.equal(status, 405);
  assertStatus(answer, 405, "MethodNotAllowed");
  const wrongKind = JSON.stringify({ apiVersion: "v1", kind: "Secret", metadata: { name: "a" } });
  assert.equal((await ask("POST", configMaps, { body: wrongKind })).status, 400);
  const otherName = JSON.stringify({ metadata: { name: "b" } });
  assert.equal((await ask("PUT", `${configMaps}/versioned`, { body: otherName })).status, 400);
});

test("without credentials there is health and nothing else; wrong ones are refused", async () => {
  assert.equal((await ask("GET", "/readyz", { anonymous: true })).status, 200);
  for (const path of [configMaps, "/version", "/api", "/metrics"]) {
    const { status, answer } = await ask("GET", path, { anonymous: true });
    assert.ok(status === 401 || status === 403, `${path}: ${status}`);
    assertStatus(answer, status);
  }
  const token = await ask("GET", configMaps, {
    anonymous: true,
    headers: { authorization: "Bearer nonsense" },
  });
  assertStatus(token.answer, 401, "Unauthorized");
  const write = await ask("POST", configMaps, {
    anonymous: true,
    body: JSON.stringify({ metadata: { name: "sneaked" } }),
  });
  assert.ok(write.status === 401 || write.status === 403);
  assert.match(await fails("get configmap sneaked"), /not found/);
});

test("what someone may not do is Forbidden, and says to whom what was refused", async () => {
  const headers = { "impersonate-user": "eve" };
  const body = JSON.stringify({ metadata: { name: "forbidden" } });
  const { status, answer } = await ask("POST", configMaps, { body, headers });
  assert.equal(status, 403);
  assertStatus(answer, 403, "Forbidden");
  assert.equal(
    answer.message,
    'configmaps is forbidden: User "eve" cannot create resource "configmaps" in API group "" in the namespace "default"',
  );
  assert.match(await fails("get configmap forbidden"), /not found/);
});

test("a node may touch what is its own, and nothing else", async () => {
  const config = join(machine.data, "kubeconfig/node.kubeconfig");
  const node = `--kubeconfig=${config}`;
  assert.match(await run(`get nodes ${node}`), /Ready/);
  assert.match(await fails(`get secrets -A ${node}`), /forbidden/);
  assert.match(
    await fails(`label node --all node-restriction.kubernetes.io/a=b ${node}`),
    /forbidden|not allowed/,
  );
  assert.match(await fails(`create configmap mine ${node}`), /forbidden/);
});

test("a dry run answers as the real thing would, and stores nothing", async () => {
  const body = JSON.stringify({ metadata: { name: "dry" } });
  assert.equal((await ask("POST", `${configMaps}?dryRun=All`, { body })).status, 201);
  assert.match(await fails("get configmap dry"), /not found/);
  assert.equal((await ask("POST", `${configMaps}?dryRun=Some`, { body })).status, 422);
});

test("secrets are nowhere on disk in plain text, and state files are root's alone", async () => {
  const secret = "mother-of-pearl-is-made-of-aragonite";
  await run(`create secret generic hidden --from-literal=word=${secret}`);
  await run(`create configmap plain --from-literal=word=found-${secret.length}`);
  const forms = [secret, Buffer.from(secret).toString("base64")];
  const store = join(machine.data, "store");
  let all = "";
  for (const name of await readdir(store)) all += (await readFile(join(store, name))).toString("latin1");
  for (const form of forms) assert.equal(all.includes(form), false, "a secret is legible in the store");
  assert.ok(all.includes(`found-${secret.length}`), "this looks where objects are kept");
  const { stdout } = await machine.run("grep", ["-rlaE", forms.join("|"), machine.data], { mayFail: true });
  assert.equal(stdout, "");
});

interface Status {
  readonly kind: string;
  readonly apiVersion: string;
  readonly status: string;
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: { readonly causes?: readonly { readonly field: string }[] };
}

function assertStatus(answer: Status, code: number, reason?: string): void {
  const { kind, apiVersion, status } = answer;
  assert.deepEqual(
    { kind, apiVersion, status, code: answer.code },
    { kind: "Status", apiVersion: "v1", status: "Failure", code },
  );
  assert.ok(answer.message.length > 0);
  if (reason !== undefined) assert.equal(answer.reason, reason);
}

interface Asked {
  readonly body?: string;
  /** Sends only the head of a request of this length: the answer must not wait for the rest. */
  readonly announcedBytes?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly anonymous?: true;
}

/** One request, as the cluster's administrator. Characters of the body are bytes. */
function ask(
  method: string,
  path: string,
  { body, announcedBytes, headers = {}, anonymous }: Asked = {},
): Promise<{ status: number; headers: IncomingMessage["headers"]; answer: Status }> {
  const { ca, cert, key } = credentials;
  const identity = anonymous ? { ca } : { ca, cert, key };
  const type = { "content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json" };
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        socketPath,
        servername: "localhost",
        method,
        path,
        agent: false,
        headers: { ...type, ...headers },
        ...identity,
      },
      async (response) => {
        const text = Buffer.concat(await response.toArray()).toString();
        const answer = text.startsWith("{") ? JSON.parse(text) : text;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, answer });
        asked.destroy();
      },
    );
    asked.once("error", reject);
    if (announcedBytes !== undefined) {
      asked.setHeader("content-length", announcedBytes);
      return asked.flushHeaders();
    }
    if (body === undefined) return asked.end();
    const bytes = Buffer.from(body, "latin1");
    asked.setHeader("content-length", bytes.length);
    return asked.end(bytes);
  });
}
