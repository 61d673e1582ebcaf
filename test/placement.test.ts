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
