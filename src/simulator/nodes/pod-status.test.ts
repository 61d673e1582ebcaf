import assert from "node:assert/strict";
import { test } from "node:test";
import { type Pod, type PodSpec, podCondition } from "#api";
import { randomFor } from "../time/seeds.ts";
import { VirtualClock } from "../time/virtual-clock.ts";
import { ordinary } from "./behaviour.ts";
import { simulatedStatus } from "./pod-status.ts";
import { SimulatedPod } from "./simulated-pod.ts";

const withInit: PodSpec = {
  containers: [{ name: "web", image: "web:1" }],
  initContainers: [
    { name: "prepare", image: "tools:1" },
    { name: "proxy", image: "proxy:1", restartPolicy: "Always" },
  ],
};

test("init containers have done their part when a simulated pod runs, and its sidecars are ready beside it", async () => {
  const { seen, pass, pod } = podThat(withInit);
  pod.begin();
  const early = seen();
  assert.equal(podCondition({ status: early }, "Initialized")?.status, "False");
  for (const { state } of [...(early.initContainerStatuses ?? []), ...(early.containerStatuses ?? [])])
    assert.deepEqual(state, { waiting: { reason: "PodInitializing" } });
  await pass(60_000);
  const status = seen();
  assert.equal(podCondition({ status }, "Initialized")?.status, "True");
  const at = "1970-01-01T00:00:00Z";
  assert.deepEqual(
    status.initContainerStatuses?.map(({ name, state, ready, started, restartCount }) => ({
      ...{ name, state, ready, started, restartCount },
    })),
    [
      {
        name: "prepare",
        state: { terminated: { exitCode: 0, reason: "Completed", startedAt: at, finishedAt: at } },
        ready: true,
        started: false,
        restartCount: 0,
      },
      { name: "proxy", state: { running: { startedAt: at } }, ready: true, started: true, restartCount: 0 },
    ],
  );
});

test("a sidecar runs on while its pod starts again, and ends with it", async () => {
  const { seen, pass, pod } = podThat(withInit);
  pod.begin();
  await pass(60_000);
  pod.fail("Error");
  const failed = seen().initContainerStatuses;
  assert.deepEqual(
    failed?.map(({ ready }) => ready),
    [true, true],
  );
  const job = podThat({ ...withInit, restartPolicy: "Never" });
  job.pod.begin();
  await job.pass(60_000);
  job.pod.fail("Error");
  const [, proxy] = job.seen().initContainerStatuses ?? [];
  assert.deepEqual([proxy?.ready, proxy?.started, proxy?.state?.terminated?.exitCode], [false, false, 0]);
});

test("of a pod without init containers nothing is said of any", async () => {
  const { seen, pass, pod } = podThat({ containers: withInit.containers });
  pod.begin();
  assert.deepEqual(seen().containerStatuses?.[0]?.state, { waiting: { reason: "ContainerCreating" } });
  await pass(60_000);
  assert.equal("initContainerStatuses" in seen(), false);
});

function podThat(spec: PodSpec) {
  const clock = new VirtualClock(0);
  const object: Pod = { metadata: { name: "web" }, spec };
  const pod = new SimulatedPod(
    { pod: object, behaviour: ordinary, address: "10.64.0.2", restarts: 0, before: undefined },
    { clock, random: randomFor(1, "node"), slowness: () => 1, onChange: () => {} },
  );
  let before: Pod["status"];
  const seen = () => {
    const status = simulatedStatus(pod, { hostAddress: "10.64.0.1", before, nowMs: clock.now() });
    before = status;
    return status;
  };
  return { pod, seen, pass: (ms: number) => clock.run(ms) };
}
