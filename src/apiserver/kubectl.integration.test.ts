import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { configMaps, deployments, pods } from "#api";
import { servedCluster } from "#testing";

/** What people type, with the kubectl they have. The server has everything on; controllers do not run. */
const cluster = await servedCluster({ secured: true });
const { client } = cluster;
after(() => cluster.close());

before(async () => {
  // What the service account controller does in a whole cluster.
  await run("create serviceaccount default");
});

test("create sends protobuf, and what it made can be got in every form", async () => {
  assert.equal(
    await run("create configmap settings --from-literal=color=blue"),
    "configmap/settings created",
  );
  assert.equal(await run("get configmap settings -o jsonpath={.data.color}"), "blue");
  assert.match(await run("get cm settings -o yaml"), /color: blue/);
  assert.match(await run("get cm"), /NAME +DATA +AGE\n(.+\n)*settings +1 +\d+s/);
  assert.match(await run("get cm settings -o wide --no-headers"), /^settings +1/);
  assert.equal(await run("get cm settings -o name"), "configmap/settings");
  assert.equal(await run("create namespace shop"), "namespace/shop created");
  assert.match(await run("get all,cm --all-namespaces"), /service\/kubernetes/);
});

test("apply creates, changes, and takes away", async () => {
  assert.equal(await run("apply -f -", manifest('{a: "1", b: "1"}')), "configmap/applied created");
  assert.equal(await run("apply -f -", manifest('{a: "1", b: "1"}')), "configmap/applied unchanged");
  assert.equal(await run("apply -f -", manifest('{a: "2"}')), "configmap/applied configured");
  assert.deepEqual((await client.resource(configMaps, "default").get("applied")).data, { a: "2" });
});

test("server-side apply owns fields, and conflicts are explained", async () => {
  const text = manifest('{a: "server"}').replace("applied", "owned");
  assert.equal(await run("apply --server-side -f -", text), "configmap/owned serverside-applied");
  assert.equal(await run("apply --server-side -f -", text), "configmap/owned serverside-applied");
  const other = text.replace("server", "other");
  const refused = await fails("apply --server-side --field-manager=other -f -", other);
  assert.match(refused, /conflict with "kubectl": \.data\.a/);
  const forced = await run("apply --server-side --field-manager=other --force-conflicts -f -", other);
  assert.equal(forced, "configmap/owned serverside-applied");
});

test("diff shows what would change and changes nothing", async () => {
  const { stdout, code } = await cluster.kubectl(["diff", "-f", "-"], { stdin: manifest('{a: "3"}') });
  assert.equal(code, 1);
  assert.match(stdout, /-\s+a: "2"\n\+\s+a: "3"/);
  assert.equal(await run("diff -f -", manifest('{a: "2"}')), "");
});

test("a deployment is described, scaled, labelled, annotated, and patched in three ways", async () => {
  assert.equal(await run("create deployment web --image=web:1 --replicas=2"), "deployment.apps/web created");
  assert.match(await run("describe deployment web"), /Replicas: +2 desired/);
  assert.equal(await run("scale deployment web --replicas=3"), "deployment.apps/web scaled");
  assert.equal(await run("label deployment web tier=front"), "deployment.apps/web labeled");
  assert.equal(await run("annotate deployment web note=hello"), "deployment.apps/web annotated");
  const patched = "deployment.apps/web patched";
  assert.equal(await run('patch deploy web -p {"spec":{"minReadySeconds":1}}'), patched);
  assert.equal(await run('patch deploy web --type=merge -p {"spec":{"minReadySeconds":2}}'), patched);
  const operation = '[{"op":"replace","path":"/spec/minReadySeconds","value":3}]';
  assert.equal(await run(`patch deploy web --type=json -p ${operation}`), patched);
  assert.equal(await run("set image deployment/web web=web:2"), "deployment.apps/web image updated");
  const { metadata, spec } = await client.resource(deployments, "default").get("web");
  assert.equal(spec?.replicas, 3);
  assert.equal(spec?.minReadySeconds, 3);
  assert.equal(spec?.template?.spec?.containers?.[0]?.image, "web:2");
  assert.deepEqual([metadata?.labels?.tier, metadata?.annotations?.note], ["front", "hello"]);
  assert.match(await run("get deploy"), /web +0\/3 +0 +0/);
});

test("edit writes back what the editor leaves behind", async () => {
  const editor = { EDITOR: "sed -i s/blue/green/" };
  assert.equal(await run("edit configmap settings", "", editor), "configmap/settings edited");
  assert.equal(await run("get configmap settings -o jsonpath={.data.color}"), "green");
});

test("a pod is run, waited for, and deleted", async () => {
  assert.equal(await run("run one --image=one:1 --labels=app=one"), "pod/one created");
  const waiting = run("wait pod/one --for=condition=Ready --timeout=20s");
  const resource = client.resource(pods, "default");
  const ready = { type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" };
  await resource.patch(
    "one",
    { type: "strategic", patch: { status: { conditions: [ready] } } },
    { subresource: "status" },
  );
  assert.equal(await waiting, "pod/one condition met");
  assert.match(await run("get pods -l app=one --show-labels"), /one +0\/1 +Pending +0 +\d+s +app=one/);
  assert.equal(await run("delete pod one"), 'pod "one" deleted from default namespace');
  assert.equal(await run("delete pods --all"), "No resources found");
});

test("explain and api-resources know the kinds", async () => {
  assert.match(
    await run("explain deployment.spec.replicas"),
    /KIND: +Deployment[\s\S]*FIELD: replicas <integer>/,
  );
  assert.match(await run("explain pod --recursive"), /containers\s+<\[\]Container>/);
  assert.match(await run("api-resources"), /deployments +deploy +apps\/v1 +true +Deployment/);
  assert.match(await run("api-resources --verbs=create --namespaced=false -o name"), /^namespaces$/m);
  assert.match(await run("version"), /Server Version: v1\.36/);
});

test("auth can-i asks for oneself and for others", async () => {
  assert.equal(await run("auth can-i delete pods"), "yes");
  assert.match(await fails("auth can-i delete pods --as=bob"), /^no/);
  assert.match(await run("auth whoami"), /kubernetes-admin/);
  assert.match(await fails("get pods --as=bob"), /pods is forbidden: User "bob" cannot list resource "pods"/);
  assert.match(await run("create token default"), /^ey/);
});

test("mistakes are explained", async () => {
  assert.equal(await fails("get pod nobody"), 'Error from server (NotFound): pods "nobody" not found');
  assert.match(await fails("get wheels"), /the server doesn't have a resource type "wheels"/);
  assert.match(await fails("create configmap settings"), /configmaps "settings" already exists/);
  const odd = manifest("{}").replace("\ndata:", "\ncolor: red\ndata:");
  assert.match(await fails("apply -f -", odd), /unknown field "color"/);
  assert.match(await fails("run UPPER --image=x"), /Invalid value: "UPPER"/);
  assert.match(await fails("create configmap a -n nowhere"), /namespaces "nowhere" not found/);
});

test("replace, and delete by file", async () => {
  assert.equal(await run("replace -f -", manifest('{a: "9"}')), "configmap/applied replaced");
  const deleted = 'configmap "applied" deleted from default namespace';
  assert.equal(await run("delete -f -", manifest("{}")), deleted);
  assert.equal(await run("delete deployment web"), 'deployment.apps "web" deleted from default namespace');
});

function manifest(data: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: applied\ndata: ${data}\n`;
}

async function run(line: string, stdin = "", environment: Record<string, string> = {}): Promise<string> {
  const { stdout, stderr, code } = await cluster.kubectl(line.split(" "), { stdin, environment });
  assert.equal(code, 0, `kubectl ${line}: ${stderr}`);
  return (stdout || stderr).trim();
}

async function fails(line: string, stdin = ""): Promise<string> {
  const { stdout, stderr, code } = await cluster.kubectl(line.split(" "), { stdin });
  assert.notEqual(code, 0, `kubectl ${line}: ${stdout}`);
  return (stderr || stdout).trim();
}
