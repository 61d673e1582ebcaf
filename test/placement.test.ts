import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { upWithBusybox } from "./images.ts";
import { createMachine } from "./machine.ts";
import { typing } from "./typing.ts";

/** What is there, who has it, and why a pod is where it is: on a real node, with pods as people make them. */
const machine = await createMachine();
after(() => machine.remove());
before(async () => {
  await upWithBusybox(machine);
  await run("apply -f -", pods);
  for (const name of ["idle", "greedy"]) await run(`wait pod/${name} --for=condition=Ready --timeout=30s`);
});

const { run } = typing(machine);

/** One that asks for much and uses nothing, one that asks for little and uses more, one that fits nowhere. */
const pods = `
apiVersion: v1
kind: Pod
metadata: {name: idle}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: busybox:1
      command: [sleep, "3600"]
      resources: {requests: {cpu: 500m, memory: 200Mi}, limits: {cpu: "4", memory: 400Mi}}
---
apiVersion: v1
kind: Pod
metadata: {name: greedy}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: busybox:1
      command: [sh, -c, 'dd if=/dev/zero of=/memory/file bs=1M count=24 && exec sleep 3600']
      readinessProbe: {exec: {command: [sh, -c, 'test $(stat -c %s /memory/file) = 25165824']}, periodSeconds: 1}
      resources: {requests: {cpu: 10m, memory: 8Mi}, limits: {memory: 64Mi}}
      volumeMounts: [{name: memory, mountPath: /memory}]
  volumes: [{name: memory, emptyDir: {medium: Memory}}]
---
apiVersion: v1
kind: Pod
metadata: {name: huge}
spec:
  containers:
    - name: main
      image: busybox:1
      command: [sleep, "3600"]
      resources: {requests: {cpu: "64", memory: 1Mi}}
`;

test("capacity says what is there, what is given and used of it, and who would be evicted first", async () => {
  const { stdout } = await machine.nacre("capacity", "-o", "json");
  const { nodes, total, waiting, bursting } = JSON.parse(stdout);
  assert.equal(nodes.length, 1);
  const { cpu, memory } = total;
  assert.equal(cpu.requested, 0.51);
  assert.equal(cpu.overcommitted, 4 - cpu.capacity);
  assert.ok(cpu.used < 0.5 && cpu.overprovisioned > 0.4 && cpu.overprovisioned <= 0.51);
  assert.equal(memory.requested, 208 * 2 ** 20);
  assert.equal(memory.overcommitted, 464 * 2 ** 20 - memory.capacity);
  assert.ok(memory.used > 24 * 2 ** 20 && memory.used < 100 * 2 ** 20);
  assert.ok(nodes[0].machine.memory > memory.used);
  assert.deepEqual(waiting, { pods: 1, requested: { cpu: 64, memory: 2 ** 20 } });
  const [first] = bursting;
  assert.deepEqual([first.pod, first.evictionRank, first.qosClass], ["default/greedy", 1, "Burstable"]);
  assert.equal(first.memory.limit, 64 * 2 ** 20);

  const page = (await machine.nacre("capacity")).stdout;
  assert.match(page, /^CPU +ALLOCATABLE +REQUESTED +LIMITS +USED +OVERPROVISIONED +OVERCOMMITTED$/m);
  assert.match(page, /^1 +default\/greedy .* 8Mi +64Mi$/m);
  assert.match(page, /^1 pod that requests cpu 64, memory 1Mi has no node/m);
});

test("capacity is narrow on a narrow terminal", async () => {
  const nacre = `sh ${join(import.meta.dirname, "../bin/nacre")}`;
  const terminal = machine.start("script", ["-qefc", `stty cols 60; ${nacre} capacity`, "/dev/null"]);
  await terminal.printed(/nacre explain pod NAME/);
  assert.match(terminal.output(), /^\S+ +CPU +MEMORY +PODS\r$/m);
  assert.doesNotMatch(terminal.output(), /OVERPROVISIONED/);
});

test("explain says why a pod fits nowhere, and what would help: which helps", async () => {
  const page = (await machine.nacre("explain", "pod", "huge")).stdout;
  assert.match(page, /^Pod default\/huge waits for a node\. The only one does not take it:$/m);
  assert.match(page, /^ {2}1 node \(\S+\): Insufficient cpu$/m);
  assert.match(page, /^ {2}- request 62610m less cpu: opens \S+$/m);

  const { suggestions } = JSON.parse((await machine.nacre("explain", "pod/huge", "-o", "json")).stdout);
  const [{ type, by, of }] = suggestions[0].changes;
  assert.equal(type, "lower-request");
  await run("delete pod huge --now");
  await run("apply -f -", pods.replace('cpu: "64"', `cpu: ${of - by}m`));
  await run("wait pod/huge --for=condition=Ready --timeout=30s");
});

test("explain tells nodes apart by what keeps a pod off them", async () => {
  await run("apply -f -", ["gpu-1", "gpu-2", "small"].map(silentNode).join("---"));
  await run("taint node gpu-1 gpu-2 gpu=yes:NoSchedule");
  await run("cordon small");
  await run("apply -f -", picky);
  const page = (await machine.nacre("explain", "pod", "picky", "-n", "default")).stdout;
  const affinity = "node\\(s\\) didn't match Pod's node affinity/selector";
  for (const line of [
    "Pod default/picky waits for a node\\. Of 4 nodes none takes it:",
    `  2 nodes \\(gpu-1, gpu-2\\): node\\(s\\) had untolerated taint {gpu: yes}; ${affinity}`,
    `  1 node \\(small\\): node\\(s\\) were unschedulable; .*${affinity}`,
    `  1 node \\(\\S+\\): ${affinity}; Insufficient cpu`,
    '  - tolerate the taint gpu=yes:NoSchedule, and label the node "disk=ssd": opens gpu-1, gpu-2',
    '  - uncordon the node, and label the node "disk=ssd": opens small',
  ]) {
    assert.match(page, new RegExp(`^${line}$`, "m"));
  }
  await run("delete node gpu-1 gpu-2 small");
  const said = await run("get pod picky -o jsonpath={.status.conditions[0].message}");
  assert.match(said, /^0\/4 nodes are available: .*2 node\(s\) had untolerated taint {gpu: yes}/);
});

test("explain says who would have to go for a more important pod", async () => {
  await run("delete pod picky --now");
  await run("apply -f -", late);
  const page = (await machine.nacre("explain", "pod", "late")).stdout;
  const victim = "give it a priority of 1 or more: then default/huge would have to go from";
  assert.match(page, new RegExp(`^  - ${victim} \\S+$`, "m"));
  const { ifMoreImportant } = JSON.parse(
    (await machine.nacre("explain", "pod", "late", "-o", "json")).stdout,
  );
  assert.deepEqual([ifMoreImportant.pods, ifMoreImportant.priority], [["default/huge"], 1]);
});

test("explain says of a pod on a node what the node scores, and of a pod that is not there how to find it", async () => {
  const page = (await machine.nacre("explain", "pod", "idle")).stdout;
  assert.match(page, /^Pod default\/idle is on \S+\. Scores as they would be now, without it:$/m);
  assert.match(page, /^NodeResourcesFit +\d+$/m);
  assert.match(page, /^TOTAL +\d+$/m);
  await assert.rejects(
    machine.nacre("explain", "pod", "nobody"),
    /pods "nobody" not found in namespace default; find it with: kubectl get pods --all-namespaces/,
  );
  await assert.rejects(machine.nacre("explain", "web"), /nacre explain takes a pod: nacre explain pod NAME/);
});

/** A node that was ready a moment ago, and that nobody runs. */
const silentNode = (name: string) => `
apiVersion: v1
kind: Node
metadata: {name: ${name}, labels: {kubernetes.io/hostname: ${name}}}
status:
  capacity: {cpu: "4", memory: 4Gi, pods: "10"}
  allocatable: {cpu: "4", memory: 4Gi, pods: "10"}
  conditions: [{type: Ready, status: "True", reason: KubeletReady}]
`;

/** Too large for what the pods before have left, and wants a label. */
const picky = `
apiVersion: v1
kind: Pod
metadata: {name: picky}
spec:
  nodeSelector: {disk: ssd}
  containers:
    - name: main
      image: busybox:1
      resources: {requests: {cpu: "2"}}
`;

/** Needs about as much as `huge` has got. */
const late = `
apiVersion: v1
kind: Pod
metadata: {name: late}
spec:
  containers:
    - name: main
      image: busybox:1
      resources: {requests: {cpu: 1300m}}
`;
