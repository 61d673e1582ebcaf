import assert from "node:assert/strict";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { importBusybox, importHello } from "./images.ts";
import { createMachine } from "./machine.ts";
import { typing, typingHelm } from "./typing.ts";

/** The life of a release, with the unmodified helm 4: the chart that `helm create` writes, with hooks beside it. */
const machine = await createMachine();
after(() => machine.remove());
before(async () => {
  await machine.up();
  await importHello(machine);
  await importBusybox(machine);
  await helm.run(`create ${chart}`);
  await appendFile(join(chart, "values.yaml"), values);
  await writeFile(join(chart, "templates/hooks.yaml"), hooks);
  await writeFile(join(chart, "templates/cluster.yaml"), cluster);
  const connection = join(chart, "templates/tests/test-connection.yaml");
  await writeFile(connection, (await readFile(connection, "utf8")).replace("busybox", "busybox:1"));
  atFirst = await everything();
});

const kubectl = typing(machine);
const helm = typingHelm(machine);
const chart = join(machine.directory, "web");
let atFirst: readonly string[] = [];

test("lint, template and a dry run ask the cluster what it is, and make nothing", async () => {
  assert.match(await helm.run(`lint ${chart}`), /1 chart\(s\) linted, 0 chart\(s\) failed/);
  for (const line of [`template web ${chart}`, `install web ${chart}`]) {
    const printed = await helm.run(`${line} --dry-run=server`);
    assert.match(printed, /kubernetes: v1\.36\..*\n.*nodes: "1"\n.*apps: "true"/);
  }
  assert.deepEqual(await everything(), atFirst);
});

test("install --wait returns when the deployment serves", async () => {
  assert.match(await helm.run(`install web ${chart} --wait --timeout 60s`), /STATUS: deployed/);
  const { status } = await kubectl.get("deployment web");
  assert.deepEqual([status.readyReplicas, status.availableReplicas], [2, 2]);
});

test("list, status, history and get tell what was installed", async () => {
  assert.match(await helm.run("list"), /^web\s+default\s+1\s.*deployed\s+web-0\.1\.0/m);
  // The kinds come in no order.
  const status = await helm.run("status web");
  assert.match(status, /v1\/Deployment\n.*\nweb +2\/2 /);
  assert.match(status, /v1\/Pod\(related\)\n.*\n(web-.* 1\/1 +Running .*\n){2}/);
  assert.match(await helm.run("history web"), /^1\s.*deployed\s.*Install complete/m);
  assert.match(await helm.run("get values web --all"), /^replicaCount: 2$/m);
  assert.match(await helm.run("get hooks web"), /name: before-upgrade-first/);
});

test("helm test runs the chart's test pod to its end, and fails when that fails", async () => {
  assert.match(await helm.run("test web --logs"), /Phase: +Succeeded[\s\S]*'index.html' saved/);
  await kubectl.run("scale deployment web --replicas=0");
  await kubectl.run("wait pods -l pod-template-hash --for=delete --timeout=30s");
  assert.match(await helm.fails("test web"), /web-test-connection.* failed/);
});

test("an upgrade says whose a field has become, and takes it back when it is forced", async () => {
  assert.match(
    await helm.fails(`upgrade web ${chart} --no-hooks`),
    /conflict with "kubectl" with subresource "scale" using apps\/v1: \.spec\.replicas/,
  );
  await helm.run(`upgrade web ${chart} --no-hooks --force-conflicts --wait --timeout 60s`);
  assert.equal((await kubectl.get("deployment web")).status.readyReplicas, 2);
});

test("an upgrade runs its hooks by weight, and replaces every pod", async () => {
  const old = await pods();
  const watching = await machine.startKubectl(
    "get",
    "pods",
    "-l",
    "hook",
    "--watch",
    "--output-watch-events",
  );
  await helm.run(`upgrade web ${chart} --wait --timeout 60s --set podAnnotations.color=blue`);
  await watching.printed(/DELETED +after-upgrade-first/);
  const { stdout } = await watching.stop();
  assert.deepEqual(sequence(stdout), [
    "ADDED before-upgrade-first",
    "ADDED before-upgrade-second",
    "DELETED before-upgrade-first",
    "ADDED after-upgrade-first",
    "ADDED after-upgrade-second",
    "DELETED after-upgrade-first",
  ]);
  const ended = stdout.indexOf("MODIFIED   before-upgrade-first    0/1     Completed");
  assert.ok(ended < stdout.indexOf("ADDED      before-upgrade-second"), stdout);
  const { spec } = await kubectl.get("deployment web");
  assert.deepEqual([spec.replicas, spec.template.metadata.annotations], [2, { color: "blue" }]);
  const fresh = await pods();
  assert.equal(fresh.filter((name) => old.includes(name)).length, 0);
});

test("an upgrade whose hook fails changes nothing but the history", async () => {
  const { metadata } = await kubectl.get("deployment web");
  assert.match(
    await helm.fails(`upgrade web ${chart} --set hookCommand=false --set replicaCount=5`),
    /pre-upgrade hooks failed/,
  );
  assert.match(await helm.run("history web"), /^5\s.*failed\s.*pre-upgrade hooks failed/m);
  assert.equal((await kubectl.get("deployment web")).metadata.generation, metadata.generation);
  assert.match(await kubectl.fails("get pod before-upgrade-first"), /not found/);
});

test("an upgrade that never gets ready is rolled back by itself, and the pods before it stay", async () => {
  const old = await pods();
  const refused = await helm.fails(
    `upgrade web ${chart} --set image.tag=none --rollback-on-failure --timeout 10s`,
  );
  assert.match(refused, /has been rolled back/);
  assert.match(await helm.run("history web"), /^6\s.*failed[\s\S]*^7\s.*deployed\s.*Rollback to 4/m);
  await kubectl.run("rollout status deployment/web --timeout=30s");
  assert.deepEqual(await pods(), old);
});

test("rollback brings an earlier revision back; without server-side apply too", async () => {
  await helm.run("rollback web 1 --wait --timeout 60s");
  assert.equal((await kubectl.get("deployment web")).spec.template.metadata.annotations, undefined);
  await helm.run(
    `upgrade web ${chart} --server-side=false --wait --timeout 60s --set podAnnotations.color=red`,
  );
  await helm.run("rollback web 4 --wait --timeout 60s");
  assert.deepEqual((await kubectl.get("deployment web")).spec.template.metadata.annotations, {
    color: "blue",
  });
  assert.match(await helm.run("list"), /^web\s+default\s+10\s.*deployed/m);
});

test("two releases in namespaces of their own do not know each other", async () => {
  await helm.run(
    `upgrade --install web ${chart} -n other --create-namespace --no-hooks --wait --timeout 60s`,
  );
  // helm sorts by name, and leaves open which of two comes first.
  const listed = await helm.run("list -A");
  assert.match(listed, /^web\s+default\s+10\s/m);
  assert.match(listed, /^web\s+other\s+1\s/m);
  assert.match(
    await helm.fails(`install again ${chart} -n other --no-hooks --set fullnameOverride=web`),
    /invalid ownership metadata/,
  );
  await helm.run("uninstall web -n other --wait --timeout 60s");
  await kubectl.run("delete namespace other --timeout=30s");
});

test("uninstall leaves nothing but the hooks that asked to stay", async () => {
  await helm.run("uninstall web --wait --timeout 60s");
  assert.match(await helm.fails("status web"), /not found/);
  await kubectl.run("delete pods -l hook");
  await kubectl.run("delete pods -l app.kubernetes.io/instance=web");
  assert.deepEqual(await everything(), atFirst);
});

/** Names of all objects that charts and workloads make. */
async function everything(): Promise<readonly string[]> {
  const kinds = "all,endpointslices,serviceaccounts,secrets,configmaps";
  return (await kubectl.run(`get ${kinds} -A -o name`)).split("\n").sort();
}

/** Those that are to stay. */
async function pods(): Promise<readonly string[]> {
  const { items } = await kubectl.get("pods -l app.kubernetes.io/name=web,pod-template-hash");
  const staying = items.filter(({ metadata }: { metadata: Metadata }) => !metadata.deletionTimestamp);
  return staying.map(({ metadata }: { metadata: Metadata }) => metadata.name).sort();
}

interface Metadata {
  readonly name: string;
  readonly deletionTimestamp?: string;
}

/** Of what a watch printed: which hooks came and went, in order. */
function sequence(printed: string): string[] {
  return [...printed.matchAll(/^(ADDED|DELETED) +(\S+-upgrade-\S+)/gm)].map(
    ([, type, name]) => `${type} ${name}`,
  );
}

/** In place of the chart's own. */
const values = `
replicaCount: 2
image: { repository: hello, tag: v1, pullPolicy: IfNotPresent }
service: { type: ClusterIP, port: 8080 }
hookCommand: "true"
`;

/** Two pods for each event. The first by weight comes second in the file, and goes when all have succeeded. */
const hooks = `
{{- range $name, $event := dict "before-install" "pre-install" "before-upgrade" "pre-upgrade" "after-upgrade" "post-upgrade" "after-delete" "post-delete" }}
{{- range $place := list "second" "first" }}
---
apiVersion: v1
kind: Pod
metadata:
  name: {{ $name }}-{{ $place }}
  labels: { hook: {{ $name }} }
  annotations:
    helm.sh/hook: {{ $event }}
    helm.sh/hook-weight: {{ eq $place "first" | ternary "-5" "5" | quote }}
    helm.sh/hook-delete-policy: before-hook-creation,hook-failed{{ if eq $place "first" }},hook-succeeded{{ end }}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  containers:
    - { name: hook, image: "busybox:1", command: [{{ $.Values.hookCommand | quote }}] }
{{- end }}
{{- end }}
`;

/** What a chart can learn about the cluster while it is rendered. */
const cluster = `
apiVersion: v1
kind: ConfigMap
metadata:
  name: cluster
data:
  kubernetes: {{ .Capabilities.KubeVersion }}
  nodes: {{ lookup "v1" "Node" "" "" | dig "items" list | len | quote }}
  apps: {{ .Capabilities.APIVersions.Has "apps/v1/Deployment" | quote }}
`;
