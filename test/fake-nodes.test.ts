import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createMachine } from "./machine.ts";
import { tracesAtRest, tracesOn } from "./traces.ts";
import { typing } from "./typing.ts";

/** Simulated nodes in a real cluster, as a person has them with `nacre up --fake-nodes`. */
const machine = await createMachine();
after(() => machine.remove());
const { run, fails, get } = typing(machine);
const bare = await tracesOn(machine);

const web = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 500
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      nodeSelector: { nacre.dev/fake: "true" }
      tolerations: [{ key: nacre.dev/fake, operator: Exists }]
      containers: [{ name: web, image: nowhere/web:1, resources: { requests: { cpu: 100m } } }]
`;

const claimed = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec:
  accessModes: [ReadWriteOnce]
  resources: { requests: { storage: 1Gi } }
---
apiVersion: v1
kind: Pod
metadata: { name: claimed }
spec:
  nodeSelector: { nacre.dev/fake: "true" }
  tolerations: [{ key: nacre.dev/fake, operator: Exists }]
  containers: [{ name: web, image: nowhere/web:1, volumeMounts: [{ name: data, mountPath: /data }] }]
  volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]
`;

test("a number that cannot be is refused before anything is made", async () => {
  for (const count of ["-1", "many", "9999"]) {
    await assert.rejects(machine.up(`--fake-nodes=${count}`), /cannot have --fake-nodes .* from 0 to 5000/);
  }
  assert.deepEqual(await tracesAtRest(machine), bare);
});

test("a cluster with fifty fake nodes: ready, known by label, taint and runtime", async () => {
  assert.match((await machine.up("--fake-nodes", "50")).stderr, /Having 50 fake nodes/);
  const { items } = await get("nodes -l nacre.dev/fake=true");
  assert.equal(items.length, 50);
  await run("wait nodes --all --for=condition=Ready --timeout=30s");
  assert.match(await run("get nodes fake-7 -o wide"), /^fake-7 +Ready .*240\.0\.7\.1 .*simulated:\/\/1$/m);
  const status = JSON.parse((await machine.nacre("status", "-o", "json")).stdout);
  assert.deepEqual(status.fakeNodes, { ready: 50, total: 50 });
  assert.equal(status.nodes.length, 1);
  assert.ok(status.programs.some(({ name, running }: Program) => name === "fake-nodes" && running));
});

test("a workload that does not ask for fake nodes is not placed there", async () => {
  await run(
    "apply -f -",
    web
      .replaceAll("web", "real")
      .replace("500", "1")
      .replace(/^.*(Selector: \{ n|tolera).*\n/gm, ""),
  );
  await run("wait deployment/real --for=jsonpath={.status.replicas}=1 --timeout=20s");
  await run("wait pod -l app=real --for=jsonpath={.spec.nodeName} --timeout=20s");
  const [pod] = (await get("pods -l app=real")).items;
  assert.doesNotMatch(pod.spec.nodeName, /^fake-/);
  await run("delete deployment real");
});

test("a deployment of 500 pods becomes ready on them, spread", async () => {
  await run("apply -f -", web);
  await run("rollout status deployment/web --timeout=60s");
  const { items } = await get("pods -l app=web");
  assert.equal(items.length, 500);
  assert.equal(new Set(items.map(({ status }: Pod) => status.podIP)).size, 500);
  assert.ok(new Set(items.map(({ spec }: Pod) => spec.nodeName)).size >= 40);
});

test("a pod with a claim runs on one; of its volume nothing is left once both are deleted", async () => {
  await run("apply -f -", claimed);
  await run("wait pod/claimed --for=condition=Ready --timeout=30s");
  const { spec } = await get("pvc data");
  assert.match((await get(`pv ${spec.volumeName}`)).metadata.labels["nacre.dev/node"], /^fake-/);
  await run("delete pod/claimed pvc/data");
  await run(`wait pv/${spec.volumeName} --for=delete --timeout=30s`);
});

test("logs, commands and ports of a fake pod say that it is simulated", async () => {
  const [pod] = (await get("pods -l app=web")).items;
  const { name } = pod.metadata;
  for (const line of [`logs ${name}`, `exec ${name} -- ls`, `port-forward ${name} 0:80`]) {
    assert.match(
      await fails(line),
      /is simulated: node fake-\d+ is a fake node, on which nothing really runs/,
    );
  }
});

test("the program is killed: it is started again, and pods go on as if nothing had happened", async () => {
  const before = await get("pods -l app=web");
  const status = JSON.parse((await machine.nacre("status", "-o", "json")).stdout);
  const { pid } = status.programs.find(({ name }: Program) => name === "fake-nodes");
  process.kill(pid, "SIGKILL");
  await run("apply -f -", web.replace("500", "501"));
  await run("rollout status deployment/web --timeout=60s");
  const restarts = (await get("pods -l app=web")).items.map(
    ({ status }: Pod) => status.containerStatuses[0]?.restartCount,
  );
  assert.deepEqual([...new Set(restarts)], [0]);
  const addresses = (list: { items: Pod[] }) =>
    new Map(list.items.map((each) => [each.metadata.name, each.status.podIP]));
  const after = addresses(await get("pods -l app=web"));
  for (const [name, address] of addresses(before)) assert.equal(after.get(name), address);
});

test("a deleted node is gone for good, and its pods are placed elsewhere", async () => {
  const moved = (await get("pods -l app=web --field-selector spec.nodeName=fake-3")).items;
  await run("delete node fake-3");
  const names = moved.map(({ metadata }: Pod) => `pod/${metadata.name}`).join(" ");
  await run(`wait ${names} --for=delete --timeout=100s`);
  await run("rollout status deployment/web --timeout=60s");
  assert.match(await fails("get node fake-3"), /not found/);
});

test("fewer and more while it runs: what is there stays, the same number changes nothing", async () => {
  assert.match((await machine.up("--fake-nodes", "60")).stderr, /has 60 fake nodes now/);
  assert.match((await machine.up("--fake-nodes", "60")).stderr, /is up already; nothing was changed/);
  await run("get node fake-3 fake-59");
  assert.match((await machine.up("--fake-nodes", "5")).stderr, /has 5 fake nodes now/);
  assert.equal((await get("nodes -l nacre.dev/fake=true")).items.length, 5);
});

test("they come back with the cluster; none of them, and the program is gone", async () => {
  await machine.nacre("down");
  await machine.up();
  await run("wait nodes -l nacre.dev/fake=true --for=condition=Ready --timeout=30s");
  await machine.up("--fake-nodes", "0");
  assert.equal((await get("nodes")).items.length, 1);
  const status = JSON.parse((await machine.nacre("status", "-o", "json")).stdout);
  assert.ok(status.programs.every(({ name }: Program) => name !== "fake-nodes"));
});

test("a purge leaves nothing", async () => {
  await machine.up("--fake-nodes", "2");
  await machine.nacre("down", "--purge", "--yes");
  assert.deepEqual(await tracesAtRest(machine), bare);
});

interface Program {
  readonly name: string;
  readonly running: boolean;
}

interface Pod {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName: string };
  readonly status: {
    readonly podIP: string;
    readonly containerStatuses: readonly { readonly restartCount: number }[];
  };
}
