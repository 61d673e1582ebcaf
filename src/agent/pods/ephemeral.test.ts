import assert from "node:assert/strict";
import { test } from "node:test";
import { type EphemeralContainer, type Pod, pods } from "#api";
import { FakeApiServer } from "#testing";
import { Play, podOf, sidecar } from "../testing/play.ts";
import { type TestNode, type TestNodeOptions, testNode } from "../testing/test-agent.ts";

const starts = (play: Play) => play.log.filter((line) => line.includes("start"));

test("a container added to a running pod is started once, and its end is not mended", () => {
  const play = new Play(podOf({}), {
    script: (name) => (name === "debug" ? { runsMs: 1000, exitCode: 1 } : undefined),
  })
    .run(5)
    .debug("debug")
    .run(3600);
  assert.deepEqual(starts(play), ["0s start main#0", "5s start debug#0"]);
  const [status] = play.status.ephemeralContainerStatuses ?? [];
  assert.equal(status?.state?.terminated?.exitCode, 1);
  assert.equal(status?.restartCount, 0);
  assert.equal(status?.ready, false);
  assert.equal(play.status.phase, "Running");
  assert.equal(play.status.conditions?.find((one) => one.type === "Ready")?.status, "True");
});

test("it may look at a pod whose init container does not end", () => {
  const play = new Play(podOf({ init: ["first"] })).run(1).debug("debug").run(1);
  assert.deepEqual(starts(play), ["0s start first#0", "1s start debug#0"]);
  assert.equal(play.status.phase, "Pending");
});

test("it does not keep a pod alive whose containers are done, and ends with it", () => {
  const play = new Play(podOf({ restartPolicy: "Never", main: ["main"], init: [sidecar("side")] }), {
    script: (name) => (name === "main" ? { runsMs: 10_000, exitCode: 0 } : undefined),
  })
    .run(5)
    .debug("debug")
    .run(60);
  const ends = play.log.filter((line) => / (stop|clean)/.test(line));
  assert.deepEqual(ends, ["10s stop debug 30s", "10s stop side 30s", "10s clean"]);
  assert.equal(play.status.phase, "Succeeded");
  assert.equal(play.status.ephemeralContainerStatuses?.[0]?.state?.terminated?.exitCode, 143);
});

test("a new sandbox does not run it again", () => {
  const play = new Play(podOf({})).run(1).debug("debug").run(1);
  const run = play.seen.containers.debug?.run;
  assert.ok(run?.is === "running");
  const ended = {
    ...run,
    is: "exited",
    finishedAt: play.now,
    exitCode: 137,
    reason: "Error",
    message: "",
  } as const;
  play.tell({ type: "exited", container: "debug", run: ended }).tell({ type: "sandboxLost" }).run(60);
  assert.deepEqual(starts(play), ["0s start main#0", "1s start debug#0", "2s start main#1"]);
});

const node = (options: Partial<TestNodeOptions> = {}) =>
  testNode({ server: (clock) => new FakeApiServer(clock), ...options });

const add = (to: TestNode, pod: string, ...ephemeralContainers: EphemeralContainer[]) =>
  to.client.resource(pods, "default").patch(
    pod,
    { type: "strategic", patch: { spec: { ephemeralContainers } } },
    {
      subresource: "ephemeralcontainers",
    },
  );
const statusOf = (pod: Pod | undefined, name = "debug") =>
  pod?.status?.ephemeralContainerStatuses?.find((one) => one.name === name);
const isRunning = (pod: Pod | undefined) => statusOf(pod)?.state?.running !== undefined;
const main = { name: "main", image: "busybox" };
const debug = { name: "debug", image: "busybox" };

test("an agent starts it in the target's processes, tells of it, and ends it with its pod", async () => {
  const here = await node();
  try {
    await here.run("web", { containers: [main] });
    await here.until("web", "running", (pod) => pod?.status?.phase === "Running");
    await add(here, "web", { ...debug, targetContainerName: "main" });
    const pod = await here.until("web", "looked at", isRunning);
    assert.match(statusOf(pod)?.containerID ?? "", /^nacre:\/\/[0-9a-f]{64}$/);
    await here.told("web", "Started: Started container debug");
    const target = (await here.runtime.containers()).find((one) => one.name === "main");
    // The first process of its target ends, and everything in that namespace with it.
    here.runtime.exit(target?.id ?? "", 1);
    const after = await here.until("web", "ended", (one) => statusOf(one)?.state?.terminated !== undefined);
    assert.equal(statusOf(after)?.state?.terminated?.exitCode, 137);
    await here.client.resource(pods, "default").delete("web");
    await here.until("web", "gone", (one) => one === undefined);
    assert.deepEqual(await here.runtime.containers(), []);
  } finally {
    await here.close();
  }
});

test("it waits for a target that does not run yet, and says so", async () => {
  const here = await node({ behaviour: (spec) => (spec.name === "first" ? { runsMs: 2_000 } : {}) });
  try {
    await here.run("web", { initContainers: [{ ...main, name: "first" }], containers: [main] });
    await here.until("web", "initializing", (pod) => pod?.status?.podIP !== undefined);
    await add(here, "web", { ...debug, targetContainerName: "main" });
    const waiting = (pod: Pod | undefined) => statusOf(pod)?.state?.waiting;
    const pod = await here.until(
      "web",
      "held back",
      (one) => waiting(one)?.reason === "CreateContainerConfigError",
    );
    assert.equal(waiting(pod)?.message, "unable to find target container main");
    await here.until("web", "looked at", isRunning);
  } finally {
    await here.close();
  }
});

test("one that asks for a wall that this node does not build does not run without", async () => {
  const here = await node();
  try {
    await here.run("web", { containers: [main] });
    await here.until("web", "running", (pod) => pod?.status?.phase === "Running");
    await add(here, "web", { ...debug, securityContext: { appArmorProfile: { type: "RuntimeDefault" } } });
    const waiting = (pod: Pod | undefined) => statusOf(pod)?.state?.waiting;
    const pod = await here.until(
      "web",
      "held back",
      (one) => waiting(one)?.reason === "CreateContainerError",
    );
    assert.match(waiting(pod)?.message ?? "", /Cannot enforce AppArmor/);
  } finally {
    await here.close();
  }
});

test("the next agent finds it running, and does not run again what has ended", async () => {
  const here = await node();
  try {
    await here.run("web", { containers: [main] });
    await here.until("web", "running", (pod) => pod?.status?.phase === "Running");
    await add(here, "web", debug, { ...debug, name: "brief" });
    const before = await here.until(
      "web",
      "looked at",
      (pod) => isRunning(pod) && statusOf(pod, "brief")?.state?.running !== undefined,
    );
    await here.agent.close();
    const brief = (await here.runtime.containers()).find((one) => one.name === "brief");
    here.runtime.exit(brief?.id ?? "", 3);
    await here.restart();
    const after = await here.until(
      "web",
      "adopted",
      (pod) => statusOf(pod, "brief")?.state?.terminated?.exitCode === 3,
    );
    assert.equal(statusOf(after)?.containerID, statusOf(before)?.containerID);
    assert.ok(isRunning(after));
    assert.deepEqual((await here.runtime.containers()).map((one) => one.name).sort(), [
      "brief",
      "debug",
      "main",
    ]);
  } finally {
    await here.close();
  }
});

test("a machine that has restarted runs the pod again, but not what was added to it", async () => {
  const here = await node();
  try {
    await here.run("web", { containers: [main] });
    await here.until("web", "running", (pod) => pod?.status?.phase === "Running");
    await add(here, "web", debug);
    await here.until("web", "looked at", isRunning);
    await here.agent.close();
    here.runtime.reboot();
    await here.restart();
    await here.until("web", "back", (pod) => pod?.status?.containerStatuses?.[0]?.restartCount === 1);
    // The runtime has forgotten it by now: the API's status is all there is.
    await here.restart();
    const after = await here.until("web", "back", (pod) => statusOf(pod)?.state?.terminated !== undefined);
    assert.equal(statusOf(after)?.restartCount, 0);
    assert.deepEqual(
      (await here.runtime.containers()).map((one) => one.name),
      ["main"],
    );
  } finally {
    await here.close();
  }
});
