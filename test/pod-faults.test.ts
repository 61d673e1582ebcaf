import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { upWithBusybox } from "./images.ts";
import { createMachine } from "./machine.ts";
import { typing } from "./typing.ts";

/** Pods that cannot work say why, in Kubernetes' own words, in their status and in events. */
const machine = await createMachine();
after(() => machine.remove());
before(() => upWithBusybox(machine));

const { run, get } = typing(machine);

test("an image that no registry has: ErrImagePull, then ImagePullBackOff", async () => {
  await start("unpullable", "image: '127.0.0.1:5000/nowhere/image:1'");
  await waitFor("unpullable", "{.status.containerStatuses[0].state.waiting.reason}", "ErrImagePull");
  await waitFor("unpullable", "{.status.containerStatuses[0].state.waiting.reason}", "ImagePullBackOff");
  await event(
    "unpullable",
    "Warning",
    "Failed",
    /Failed to pull image "127\.0\.0\.1:5000\/nowhere\/image:1".*refused/i,
  );
  await event("unpullable", "Normal", "BackOff", /Back-off pulling image/);
  assert.match(await run("get pod unpullable"), /0\/1 +ImagePullBackOff/);
});

test("an image that must be here and is not: ErrImageNeverPull", async () => {
  await start("absent", "image: 'absent:1'\n    imagePullPolicy: Never");
  await waitFor("absent", "{.status.containerStatuses[0].state.waiting.reason}", "ErrImageNeverPull");
  await event("absent", "Warning", "ErrImageNeverPull", /is not present with pull policy of Never/);
});

test("a name that no image can have: InvalidImageName", async () => {
  await start("misnamed", "image: 'Not A Name'");
  await waitFor("misnamed", "{.status.containerStatuses[0].state.waiting.reason}", "InvalidImageName");
  await event(
    "misnamed",
    "Warning",
    "InspectFailed",
    /Failed to apply default image tag|couldn't parse image/,
  );
});

test("a command that is not in the image: StartError, exit code 128, and another try", async () => {
  await start("mistyped", "image: 'busybox:1'\n    command: [nosuch]");
  await waitFor("mistyped", "{.status.containerStatuses[0].lastState.terminated.reason}", "StartError");
  const { lastState } = await container("mistyped");
  assert.equal(lastState.terminated.exitCode, 128);
  assert.match(lastState.terminated.message, /nosuch/);
  await event("mistyped", "Warning", "Failed", /nosuch/);
  await waitFor("mistyped", "{.status.containerStatuses[0].state.waiting.reason}", "CrashLoopBackOff");
});

test("a container that ends at once, always: CrashLoopBackOff between ever rarer restarts", async () => {
  await start("crashing", "image: 'busybox:1'\n    command: [sh, -c, 'echo dying; exit 3']");
  await waitFor("crashing", "{.status.containerStatuses[0].state.waiting.reason}", "CrashLoopBackOff");
  const { lastState, restartCount, state } = await container("crashing");
  assert.deepEqual([lastState.terminated.exitCode, lastState.terminated.reason], [3, "Error"]);
  assert.ok(restartCount >= 1);
  assert.match(state.waiting.message, /back-off \d+s restarting failed container=main pod=crashing_default/);
  await event(
    "crashing",
    "Warning",
    "BackOff",
    /Back-off restarting failed container main in pod crashing_default/,
  );
  assert.equal(await run("logs crashing --tail=1"), "dying");
});

test("a container that takes more memory than it may: OOMKilled, exit code 137", async () => {
  const eat = "dd if=/dev/zero of=/dev/null bs=200M count=1";
  await start(
    "hungry",
    `image: 'busybox:1'\n    command: [sh, -c, 'exec ${eat}']\n    resources: {limits: {memory: 16Mi}}`,
    "restartPolicy: Never",
  );
  await waitFor("hungry", "{.status.containerStatuses[0].state.terminated.reason}", "OOMKilled");
  assert.equal((await container("hungry")).state.terminated.exitCode, 137);
  assert.match(await run("get pod hungry"), /0\/1 +OOMKilled/);
  assert.equal((await get("pod hungry")).status.phase, "Failed");
});

test("a liveness probe that fails: Unhealthy, Killing, and the container starts again", async () => {
  await start(
    "sick",
    `image: 'busybox:1'
    command: [sh, -c, 'trap exit TERM; sleep 3600 & wait']
    livenessProbe: {exec: {command: [sh, -c, 'echo not well; exit 1']}, periodSeconds: 1, failureThreshold: 1}`,
  );
  await waitFor("sick", "{.status.containerStatuses[0].restartCount}", "1");
  await event("sick", "Warning", "Unhealthy", /Liveness probe failed: not well/);
  await event("sick", "Normal", "Killing", /Container main failed liveness probe, will be restarted/);
});

test("a readiness probe that fails: running, not ready, and no endpoint of its service", async () => {
  await run("create service clusterip shy --tcp=80:80");
  await start(
    "shy",
    `image: 'busybox:1'
    command: [sleep, '3600']
    readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 1}`,
    "terminationGracePeriodSeconds: 0",
    "labels: {app: shy}",
  );
  await event("shy", "Warning", "Unhealthy", /Readiness probe failed: .*refused/);
  assert.match(await run("get pod shy"), /0\/1 +Running/);
  const slices = (await get("endpointslices -l kubernetes.io/service-name=shy")).items;
  const endpoints = slices.flatMap(
    (slice: { endpoints?: { conditions: { ready: boolean } }[] }) => slice.endpoints ?? [],
  );
  assert.deepEqual(
    endpoints.map(({ conditions }: { conditions: { ready: boolean } }) => conditions.ready),
    [false],
  );
});

test("a ConfigMap that is not there: CreateContainerConfigError, until it comes", async () => {
  await start(
    "unconfigured",
    "image: 'busybox:1'\n    command: [sleep, '3600']\n    envFrom: [{configMapRef: {name: late}}]",
    "terminationGracePeriodSeconds: 0",
  );
  await waitFor(
    "unconfigured",
    "{.status.containerStatuses[0].state.waiting.reason}",
    "CreateContainerConfigError",
  );
  await event("unconfigured", "Warning", "Failed", /configmap "late" not found/);
  await run("create configmap late --from-literal=A=1");
  await run("wait pod/unconfigured --for=condition=Ready --timeout=60s");
});

test("a volume whose ConfigMap is not there: FailedMount, until it comes", async () => {
  await start(
    "unmounted",
    "image: 'busybox:1'\n    command: [sleep, '3600']\n    volumeMounts: [{name: v, mountPath: /v}]",
    "terminationGracePeriodSeconds: 0\n  volumes: [{name: v, configMap: {name: later}}]",
  );
  await event("unmounted", "Warning", "FailedMount", /configmap "later" not found/);
  // The event may be there before the status.
  await waitFor("unmounted", "{.status.containerStatuses[0].state.waiting.reason}", "ContainerCreating");
  assert.match(await run("get pod unmounted"), /ContainerCreating/);
  await run("create configmap later --from-literal=A=1");
  await run("wait pod/unmounted --for=condition=Ready --timeout=60s");
});

test("a pod that fits nowhere: Unschedulable, and the scheduler says why", async () => {
  await start("huge", "image: 'busybox:1'\n    resources: {requests: {cpu: '1000'}}");
  await run("wait pod/huge --for=condition=PodScheduled=false --timeout=30s");
  await event("huge", "Warning", "FailedScheduling", /0\/1 nodes are available: 1 Insufficient cpu\./);
  const { conditions } = (await get("pod huge")).status;
  const scheduled = conditions.find(({ type }: { type: string }) => type === "PodScheduled");
  assert.equal(scheduled.reason, "Unschedulable");
  await start("picky", "image: 'busybox:1'", "nodeSelector: {disk: golden}");
  await event(
    "picky",
    "Warning",
    "FailedScheduling",
    /1 node\(s\) didn't match Pod's node affinity\/selector/,
  );
});

test("an init container that fails holds the others back: Init:CrashLoopBackOff", async () => {
  await start(
    "uninitialized",
    "image: 'busybox:1'\n    command: [sleep, '3600']",
    "initContainers: [{name: first, image: 'busybox:1', command: ['false']}]",
  );
  await waitFor(
    "uninitialized",
    "{.status.initContainerStatuses[0].state.waiting.reason}",
    "CrashLoopBackOff",
  );
  assert.match(await run("get pod uninitialized"), /0\/1 +Init:CrashLoopBackOff/);
  assert.equal((await container("uninitialized")).state.waiting.reason, "PodInitializing");
});

test("a pod that works longer than it may: DeadlineExceeded", async () => {
  await start(
    "slow",
    "image: 'busybox:1'\n    command: [sleep, '3600']",
    "activeDeadlineSeconds: 1\n  terminationGracePeriodSeconds: 0\n  restartPolicy: Never",
  );
  await waitFor("slow", "{.status.reason}", "DeadlineExceeded");
  assert.equal((await get("pod slow")).status.phase, "Failed");
});

/** Applies a pod of one container, with what the test is about added. */
async function start(name: string, container: string, spec = "", metadata = ""): Promise<void> {
  await run(
    "apply -f -",
    `
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  ${metadata}
spec:
  ${spec}
  containers:
  - name: main
    ${container}
`,
  );
}

function waitFor(name: string, path: string, value: string): Promise<string> {
  return run(`wait pod/${name} --for=jsonpath='${path}'=${value} --timeout=60s`);
}

async function container(name: string) {
  return (await get(`pod ${name}`)).status.containerStatuses[0];
}

/** Waits for an event about a pod. */
async function event(pod: string, type: string, reason: string, message: RegExp): Promise<void> {
  const selector = `involvedObject.name=${pod},reason=${reason},type=${type}`;
  const columns = "custom-columns=M:.message";
  const args = ["get", "events", "--watch", "--no-headers", `--field-selector=${selector}`, "-o", columns];
  const watching = await machine.startKubectl(...args);
  await watching.printed(message);
  await watching.stop();
}
