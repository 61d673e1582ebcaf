import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createMachine } from "./machine.ts";
import { typing } from "./typing.ts";

/** Objects, with the unmodified kubectl: everything that needs no container. */
const machine = await createMachine();
after(() => machine.remove());
before(() => machine.up());

const { run, fails, get } = typing(machine);

test("create sends protobuf, and every kind that kubectl can make arrives whole", async () => {
  assert.equal(await run("create namespace shop"), "namespace/shop created");
  await run("create configmap settings --from-literal=color=blue --from-literal=size=small");
  await run("create secret generic keys --from-literal=password=opal");
  await run(
    "create secret docker-registry pull --docker-server=r.example --docker-username=a --docker-password=b",
  );
  await run("create deployment idle --image=busybox:1 --replicas=0 --port=80");
  await run("create service clusterip inner --tcp=80:8080");
  await run("create service nodeport outer --tcp=80:8080");
  await run("create service externalname elsewhere --external-name=example.org");
  await run("create serviceaccount robot");
  await run("create role reader --verb=get,list --resource=pods,configmaps");
  await run("create rolebinding robot-reads --role=reader --serviceaccount=default:robot");
  await run("create clusterrole nodes-reader --verb=get --resource=nodes");
  await run(
    "create clusterrolebinding robot-nodes --clusterrole=nodes-reader --serviceaccount=default:robot",
  );
  await run("create quota few --hard=pods=100 -n shop");
  await run("create priorityclass high --value=1000");
  await run("create ingress web --rule=example.org/=inner:80");
  await run("create poddisruptionbudget idle --selector=app=idle --min-available=1");
  await run("create job once --image=busybox:1 --dry-run=server");
  await run("create cronjob often --image=busybox:1 --schedule='*/5 * * * *' --dry-run=server");

  assert.deepEqual((await get("configmap settings")).data, { color: "blue", size: "small" });
  const keys = await get("secret keys");
  assert.equal(Buffer.from(keys.data.password, "base64").toString(), "opal");
  const { spec } = await get("deployment idle");
  assert.deepEqual([spec.replicas, spec.template.spec.containers[0].ports[0].containerPort], [0, 80]);
  const outer = await get("service outer");
  assert.ok(outer.spec.ports[0].nodePort >= 30000, "a node port is allocated");
  assert.match(outer.spec.clusterIP, /^10\.96\./);
  assert.equal((await get("service elsewhere")).spec.externalName, "example.org");
  assert.deepEqual((await get("role reader")).rules[0].verbs, ["get", "list"]);
});

test("get prints tables, JSON, YAML, names, paths and columns of one's own", async () => {
  assert.match(await run("get configmap settings"), /^NAME +DATA +AGE\nsettings +2 +\d+s$/);
  assert.match(await run("get configmaps -o wide --no-headers"), /^settings +2 +\d+s$/m);
  assert.match(await run("get service inner -o wide"), /SELECTOR\ninner +ClusterIP +10\.96\.\S+ .*app=inner/);
  assert.match(
    await run("get deployment idle -o wide"),
    /CONTAINERS +IMAGES +SELECTOR\nidle +0\/0 .*busybox:1/,
  );
  assert.equal(await run("get cm settings -o jsonpath={.data.color}"), "blue");
  assert.match(await run("get cm settings -o yaml"), /^apiVersion: v1\ndata:\n {2}color: blue\n/);
  assert.equal(await run("get cm settings -o name"), "configmap/settings");
  assert.match(
    await run("get cm settings -o custom-columns=N:.metadata.name,C:.data.color"),
    /^N +C\nsettings +blue$/,
  );
  assert.equal(await run("get cm settings -o go-template='{{.data.size}}'"), "small");
  assert.match(await run("get services,configmaps -A"), /kube-system +service\/kube-dns/);
  assert.match(await run("get all"), /service\/inner[\s\S]*deployment\.apps\/idle/);
  assert.match(await run("get --raw /version"), /"gitVersion": ?"v1\.36/);
});

test("get chooses by label, by field and in order", async () => {
  await run("label configmap settings tier=front");
  await run("create configmap other --from-literal=a=1");
  assert.equal(await run("get cm -l tier=front -o name"), "configmap/settings");
  assert.equal(
    await run("get cm -l 'tier notin (front)' -o name"),
    "configmap/kube-root-ca.crt\nconfigmap/other",
  );
  assert.equal(
    await run("get cm -l '!tier' --field-selector metadata.name!=kube-root-ca.crt -o name"),
    "configmap/other",
  );
  assert.match(
    await run("get cm --show-labels -L tier -l tier"),
    /TIER +LABELS\nsettings .*front +tier=front/,
  );
  const sorted = await run("get cm --sort-by=.metadata.name -o name");
  assert.deepEqual(sorted.split("\n"), sorted.split("\n").sort());
  assert.match(await run("get cm --chunk-size=1"), /other[\s\S]*settings/);
  assert.equal(await run("get cm -l tier=none"), "No resources found in default namespace.");
});

test("get --watch prints each change as it comes", async () => {
  const watching = await machine.startKubectl("get", "cm", "--watch", "--output-watch-events");
  await watching.printed(/ADDED +settings/);
  await run("create configmap watched --from-literal=a=1");
  await watching.printed(/ADDED +watched/);
  await run("annotate configmap watched note=seen");
  await watching.printed(/MODIFIED +watched/);
  await run("delete configmap watched");
  await watching.printed(/DELETED +watched/);
  await watching.stop();
});

test("describe tells what an object is, with its events", async () => {
  assert.match(await run("describe configmap settings"), /Data\n====\ncolor:\n----\nblue/);
  assert.match(await run("describe secret keys"), /password: +4 bytes/);
  assert.match(await run("describe service outer"), /NodePort: +80-8080 +3\d{4}\/TCP/);
  assert.match(await run("describe deployment idle"), /Replicas: +0 desired \| 0 updated \| 0 total/);
  assert.match(await run("describe node"), /Conditions:[\s\S]*Ready +True[\s\S]*Allocated resources:/);
  assert.match(await run("describe namespace shop"), /Status: +Active/);
});

test("apply creates, changes, takes away, and prunes nothing that it did not make", async () => {
  assert.equal(await run("apply -f -", configMap('{a: "1", b: "1"}')), "configmap/applied created");
  assert.equal(await run("apply -f -", configMap('{a: "1", b: "1"}')), "configmap/applied unchanged");
  await run(`patch configmap applied --type=merge -p '{"data":{"mine":"kept"}}'`);
  assert.equal(await run("apply -f -", configMap('{a: "2"}')), "configmap/applied configured");
  assert.deepEqual((await get("configmap applied")).data, { a: "2", mine: "kept" });
  assert.match(await run("apply view-last-applied configmap/applied"), /a: "2"/);
});

test("diff shows what apply would change, and changes nothing", async () => {
  assert.match(await fails("diff -f -", configMap('{a: "3"}')), /-\s+a: "2"\n\+\s+a: "3"/);
  assert.equal(await run("diff -f -", configMap('{a: "2"}')), "");
  assert.equal(
    await run("apply --dry-run=server -f -", configMap('{a: "3"}')),
    "configmap/applied configured (server dry run)",
  );
  assert.equal((await get("configmap applied")).data.a, "2");
});

test("diff sees no change in what was applied by the server, annotations of its own included", async () => {
  const text = configMap('{a: "1"}').replace("applied", "undiffered");
  await run("apply --server-side -f -", text);
  assert.equal(await run("diff -f -", text), "");
});

test("server-side apply owns fields; who else wants them is told whose they are", async () => {
  const text = configMap('{a: "server"}').replace("applied", "owned");
  assert.equal(await run("apply --server-side -f -", text), "configmap/owned serverside-applied");
  const other = text.replace('"server"', '"other"');
  const conflict = await fails("apply --server-side --field-manager=other -f -", other);
  assert.match(conflict, /conflict with "kubectl": \.data\.a/);
  assert.equal((await get("configmap owned")).data.a, "server");
  await run("apply --server-side --field-manager=other --force-conflicts -f -", other);
  assert.equal((await get("configmap owned")).data.a, "other");
  const managers = await run(
    "get configmap owned --show-managed-fields -o jsonpath={.metadata.managedFields[*].manager}",
  );
  assert.match(managers, /other/);
});

test("labels, annotations and four kinds of patches change what they name", async () => {
  assert.equal(await run("label cm settings tier=back --overwrite"), "configmap/settings labeled");
  assert.match(await fails("label cm settings tier=x"), /already has a value/);
  assert.equal(await run("label cm settings tier-"), "configmap/settings unlabeled");
  assert.equal(await run("annotate cm settings note=hello"), "configmap/settings annotated");
  const patched = "deployment.apps/idle patched";
  const sidecar = '{"spec":{"template":{"spec":{"containers":[{"name":"sidecar","image":"busybox:1"}]}}}}';
  assert.equal(await run(`patch deployment idle -p '${sidecar}'`), patched);
  const ready = '{"spec":{"minReadySeconds":2}}';
  assert.equal(await run(`patch deployment idle --type=merge -p '${ready}'`), patched);
  const operation = '[{"op":"replace","path":"/spec/minReadySeconds","value":3}]';
  assert.equal(await run(`patch deployment idle --type=json -p '${operation}'`), patched);
  assert.equal(
    await run(`patch deployment idle --subresource=scale --type=merge -p '{"spec":{"replicas":0}}'`),
    "scale.autoscaling/idle patched (no change)",
  );
  const { spec, metadata } = await get("deployment idle");
  const names = spec.template.spec.containers.map(({ name }: { name: string }) => name).sort();
  assert.deepEqual(names, ["busybox", "sidecar"]);
  assert.equal(spec.minReadySeconds, 3);
  assert.equal(metadata.generation, 4);
});

test("edit writes back what the editor leaves behind", async () => {
  const editor = join(machine.directory, "editor.sh");
  await writeFile(editor, '#!/bin/sh\nsed -i s/blue/green/ "$1"\n');
  await chmod(editor, 0o755);
  const edit = typing(machine, { environment: { EDITOR: editor } });
  assert.equal(await edit.run("edit configmap settings"), "configmap/settings edited");
  assert.equal((await get("configmap settings")).data.color, "green");
  assert.equal(await edit.run("edit configmap settings"), "Edit cancelled, no changes made.");
});

test("replace, set, expose and autoscale change what is there", async () => {
  assert.equal(await run("replace -f -", configMap('{a: "9"}')), "configmap/applied replaced");
  assert.equal(
    await run("set image deployment/idle busybox=busybox:2"),
    "deployment.apps/idle image updated",
  );
  assert.equal(await run("set env deployment/idle MODE=quiet"), "deployment.apps/idle env updated");
  assert.equal(
    await run("set resources deployment/idle --limits=memory=64Mi"),
    "deployment.apps/idle resource requirements updated",
  );
  const [busybox] = (await get("deployment idle")).spec.template.spec.containers;
  assert.equal(busybox.image, "busybox:2");
  assert.deepEqual(busybox.env, [{ name: "MODE", value: "quiet" }]);
  assert.equal(busybox.resources.limits.memory, "64Mi");
  assert.equal(await run("expose deployment idle --port=80 --target-port=8080"), "service/idle exposed");
  assert.deepEqual((await get("service idle")).spec.selector, { app: "idle" });
  await run("autoscale deployment idle --min=1 --max=3 --cpu=80%");
  assert.equal((await get("hpa idle")).spec.maxReplicas, 3);
});

test("wait ends when its condition holds, when the object goes, and when time is up", async () => {
  assert.equal(
    await run("wait node --all --for=condition=Ready --timeout=20s").then((text) =>
      /condition met/.test(text),
    ),
    true,
  );
  assert.match(
    await run("wait deployment/idle --for=jsonpath={.spec.replicas}=0 --timeout=20s"),
    /condition met/,
  );
  await run("create configmap leaving");
  const gone = run("wait configmap/leaving --for=delete --timeout=20s");
  await run("delete configmap leaving");
  await gone;
  assert.match(await fails("wait deployment/idle --for=condition=Odd --timeout=0s"), /timed out|condition/);
});

test("auth can-i answers for oneself and for others, and tokens are who they say", async () => {
  assert.equal(await run("auth can-i delete nodes"), "yes");
  assert.match(await fails("auth can-i delete pods --as=bob"), /^no/);
  assert.equal(await run("auth can-i list pods --as=system:serviceaccount:default:robot"), "yes");
  assert.match(
    await run("auth can-i --list --as=system:serviceaccount:default:robot"),
    /pods +\[\] +\[\] +\[get list\]/,
  );
  assert.match(await run("auth whoami"), /Username +kubernetes-admin/);
  assert.match(await fails("get secrets --as=bob"), /User "bob" cannot list resource "secrets"/);
  const token = await run("create token robot --duration=10m");
  const robot = `--token=${token} --kubeconfig=/dev/null --server=https://127.0.0.1:6443 --insecure-skip-tls-verify`;
  assert.match(await run(`auth whoami ${robot}`), /system:serviceaccount:default:robot/);
  assert.match(await run(`get configmaps ${robot} -n default`), /settings/);
  assert.match(await fails(`get secrets ${robot} -n default`), /cannot list resource "secrets"/);
});

test("explain, api-resources and api-versions know every kind", async () => {
  assert.match(await run("explain deployment.spec.replicas"), /FIELD: replicas <integer>/);
  assert.match(await run("explain pod --recursive"), /containers\s+<\[\]Container>/);
  const resources = await run("api-resources");
  assert.match(resources, /deployments +deploy +apps\/v1 +true +Deployment/);
  assert.match(resources, /pods +po +v1 +true +Pod/);
  assert.match(await run("api-resources --namespaced=false --verbs=create -o name"), /^namespaces$/m);
  const versions = (await run("api-versions")).split("\n");
  for (const version of ["v1", "apps/v1", "batch/v1", "rbac.authorization.k8s.io/v1"]) {
    assert.ok(versions.includes(version), version);
  }
  assert.match(await run("version"), /Server Version: v1\.36/);
  assert.match(await run("cluster-info"), /control plane.* is running at .*https:\/\/127\.0\.0\.1:6443/);
});

test("delete takes orphans along or leaves them, as it is told", async () => {
  await run("create deployment parent --image=busybox:1 --replicas=0");
  await run("wait deployment/parent --for=jsonpath={.status.observedGeneration}=1 --timeout=20s");
  const set = await run("get replicaset -l app=parent -o name");
  await run("delete deployment parent --cascade=orphan");
  assert.equal(await run("get replicaset -l app=parent -o name"), set);
  assert.equal((await get(set)).metadata.ownerReferences, undefined);
  await run(`delete ${set}`);

  await run("create deployment parent --image=busybox:1 --replicas=0");
  await run("wait deployment/parent --for=jsonpath={.status.observedGeneration}=1 --timeout=20s");
  await run("delete deployment parent --cascade=foreground --timeout=20s");
  assert.match(await run("get replicaset -l app=parent"), /No resources found/);
});

test("a namespace takes everything in it along", async () => {
  await run("create configmap inside -n shop");
  await run("create deployment inside --image=busybox:1 --replicas=0 -n shop");
  await run("delete namespace shop --timeout=30s");
  assert.match(await fails("get namespace shop"), /namespaces "shop" not found/);
  assert.match(await fails("create configmap late -n shop"), /namespaces "shop" not found/);
});

test("mistakes are explained as Kubernetes explains them", async () => {
  assert.equal(await fails("get pod nobody"), 'Error from server (NotFound): pods "nobody" not found');
  assert.match(await fails("get wheels"), /the server doesn't have a resource type "wheels"/);
  assert.match(await fails("create configmap settings"), /configmaps "settings" already exists/);
  const odd = configMap("{}").replace("\ndata:", "\ncolor: red\ndata:");
  assert.match(await fails("apply -f -", odd), /unknown field "color"/);
  assert.match(await fails("create service clusterip UPPER --tcp=80"), /Invalid value: "UPPER"/);
  assert.match(await fails("scale deployment nobody --replicas=1"), /deployments\.apps "nobody" not found/);
});

function configMap(text: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: applied\ndata: ${text}\n`;
}
