import assert from "node:assert/strict";
import { test } from "node:test";
import { configMaps, type Pod, pods } from "#api";
import { must, unavailable } from "#base";
import { FakeApiServer } from "#testing";
import { eventually, testNode as startNode, type TestNodeOptions } from "./testing/test-agent.ts";

const testNode = (options: Partial<TestNodeOptions> = {}) =>
  startNode({ server: (clock) => new FakeApiServer(clock), ...options });

test("a pod bound to the node runs, is ready, and leaves nothing behind when deleted", async () => {
  const node = await testNode();
  try {
    await node.run("web", { containers: [{ name: "main", image: "busybox" }] });
    const pod = await node.until("web", "ready", (one) =>
      Boolean(
        one?.status?.conditions?.some(
          (condition) => condition.type === "Ready" && condition.status === "True",
        ),
      ),
    );
    assert.equal(pod.status?.phase, "Running");
    assert.equal(pod.status?.podIP, "10.244.0.2");
    assert.equal(pod.status?.hostIP, "192.0.2.1");
    const [status] = pod.status?.containerStatuses ?? [];
    assert.equal(status?.ready, true);
    assert.equal(status?.restartCount, 0);
    assert.match(status?.containerID ?? "", /^nacre:\/\/[0-9a-f]{64}$/);
    const last = ["Created: Created container: main", "Started: Started container main"];
    assert.deepEqual((await node.told("web", ...last)).slice(-2), last);
    await node.client.resource(pods, "default").delete("web");
    await node.until("web", "gone", (one) => one === undefined);
    assert.deepEqual(await node.runtime.sandboxes(), []);
    assert.deepEqual(await node.runtime.containers(), []);
    assert.deepEqual(await node.host.files.list(`${node.directory}/state/pods`), []);
  } finally {
    await node.close();
  }
});

test("a container that crashes is restarted at once, then with back-off", async () => {
  const node = await testNode({ behaviour: () => ({ runsMs: 1000, exitCode: 3 }) });
  try {
    await node.run("crash", { containers: [{ name: "main", image: "busybox" }] });
    const pod = await node.until(
      "crash",
      "held back",
      (one) => one?.status?.containerStatuses?.[0]?.state?.waiting?.reason === "CrashLoopBackOff",
    );
    const [status] = pod.status?.containerStatuses ?? [];
    assert.equal(status?.restartCount, 1);
    assert.equal(status?.lastState?.terminated?.exitCode, 3);
    assert.equal(status?.lastState?.terminated?.reason, "Error");
    assert.match(
      status?.state?.waiting?.message ?? "",
      /^back-off 10s restarting failed container=main pod=crash_default\(/,
    );
    assert.equal(pod.status?.phase, "Running");
    await node.until(
      "crash",
      "restarted twice",
      (one) => (one?.status?.containerStatuses?.[0]?.restartCount ?? 0) >= 2,
    );
  } finally {
    await node.close();
  }
});

test("a new agent adopts what runs, and records what ended meanwhile", async () => {
  const node = await testNode();
  try {
    await node.run("web", {
      containers: [
        { name: "main", image: "busybox" },
        { name: "side", image: "busybox" },
      ],
    });
    const before = await node.until(
      "web",
      "all running",
      (one) =>
        (one?.status?.containerStatuses ?? []).length === 2 &&
        (one?.status?.containerStatuses ?? []).every((status) => status.ready),
    );
    await node.agent.close();
    const side = (await node.runtime.containers()).find((one) => one.name === "side");
    node.runtime.exit(side?.id ?? "", 9);
    await node.restart();
    const after = await node.until(
      "web",
      "restarted",
      (one) => one?.status?.containerStatuses?.find((status) => status.name === "side")?.restartCount === 1,
    );
    const statusOf = (name: string, pod = after) =>
      pod.status?.containerStatuses?.find((one) => one.name === name);
    assert.equal(statusOf("main")?.containerID, statusOf("main", before)?.containerID);
    assert.equal(statusOf("main")?.restartCount, 0);
    assert.equal(statusOf("side")?.lastState?.terminated?.exitCode, 9);
    assert.equal(after.status?.podIP, before.status?.podIP);
  } finally {
    await node.close();
  }
});

const waitingReason = (pod?: Pod) => pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason;
const restarts = (pod?: Pod) => pod?.status?.containerStatuses?.[0]?.restartCount ?? 0;
const condition = (pod: Pod | undefined, type: string) =>
  pod?.status?.conditions?.find((one) => one.type === type);
const isReady = (pod?: Pod) => condition(pod, "Ready")?.status === "True";

test("a missing ConfigMap holds the container back, and starts it as soon as it comes", async () => {
  const node = await testNode();
  try {
    const env = [{ name: "X", valueFrom: { configMapKeyRef: { name: "late", key: "x" } } }];
    await node.run("env", { containers: [{ name: "main", image: "busybox", env }] });
    const pod = await node.until(
      "env",
      "held back",
      (one) => waitingReason(one) === "CreateContainerConfigError",
    );
    assert.equal(pod.status?.containerStatuses?.[0]?.state?.waiting?.message, 'configmap "late" not found');
    assert.equal(condition(pod, "Ready")?.reason, "ContainersNotReady");
    await node.run("vol", {
      containers: [{ name: "main", image: "busybox" }],
      volumes: [{ name: "v", configMap: { name: "late" } }],
    });
    await eventually(
      async () => !!(await node.events("vol")).some((event) => event.startsWith("FailedMount")),
    );
    await node.client
      .resource(configMaps, "default")
      .create({ metadata: { name: "late" }, data: { x: "1" } });
    const ready = await node.until("env", "ready", isReady);
    const { reason, message } = must(condition(ready, "Ready"), "a pod that is ready says so");
    assert.deepEqual(
      { reason, message },
      { reason: undefined, message: undefined },
      "its old excuse is gone",
    );
    await node.until("vol", "ready", isReady);
  } finally {
    await node.close();
  }
});

test("an image that cannot be pulled, or must not be, says so", async () => {
  const node = await testNode({
    pullFailure: (reference) =>
      reference === "ghost" ? { reason: "ImageNotFound", message: "no such image" } : undefined,
  });
  try {
    const container = (image: string, imagePullPolicy: string) => ({
      containers: [{ name: "main", image, imagePullPolicy }],
    });
    await node.run("ghost", container("ghost", "Always"));
    await node.run("never", container("absent", "Never"));
    await node.run("wrong", container("Not A Name", "Always"));
    await node.until("ghost", "held back", (one) => waitingReason(one) === "ImagePullBackOff");
    await node.until("never", "refused", (one) => waitingReason(one) === "ErrImageNeverPull");
    await node.until("wrong", "refused", (one) => waitingReason(one) === "InvalidImageName");
    await node.told("ghost", 'BackOff: Back-off pulling image "ghost"', "Failed: Error: ErrImagePull");
  } finally {
    await node.close();
  }
});

test("another image in the place of one that cannot be pulled is pulled", async () => {
  const node = await testNode({
    pullFailure: (reference) =>
      reference === "ghost" ? { reason: "ImageNotFound", message: "no such image" } : undefined,
  });
  try {
    await node.run("typo", { containers: [{ name: "main", image: "ghost" }] });
    await node.until("typo", "held back", (one) => waitingReason(one) === "ImagePullBackOff");
    const patch = { spec: { containers: [{ name: "main", image: "busybox" }] } };
    await node.client.resource(pods, "default").patch("typo", { type: "merge", patch });
    await node.until("typo", "ready", isReady);
  } finally {
    await node.close();
  }
});

test("a liveness probe that fails restarts the container; a readiness probe only takes it out", async () => {
  let status = 200;
  const node = await testNode({ answer: () => ({ status, body: "" }) });
  try {
    const httpGet = { port: 80, path: "/" };
    await node.run("sick", {
      containers: [{ name: "main", image: "busybox", livenessProbe: { httpGet, periodSeconds: 1 } }],
    });
    await node.run("busy", {
      containers: [{ name: "main", image: "busybox", readinessProbe: { httpGet, periodSeconds: 1 } }],
    });
    await node.until("sick", "ready", isReady);
    await node.until("busy", "ready", isReady);
    status = 503;
    await node.until("busy", "out", (one) => one?.status?.phase === "Running" && !isReady(one));
    await node.until("sick", "restarted", (one) => restarts(one) >= 1);
    assert.equal(restarts(await node.pod("busy")), 0);
    await node.told(
      "sick",
      "Unhealthy: Liveness probe failed: HTTP probe failed with statuscode: 503",
      "Killing: Container main failed liveness probe, will be restarted",
    );
  } finally {
    await node.close();
  }
});

test("after a reboot the same pods come back, counted as restarts", async () => {
  const node = await testNode();
  try {
    await node.run("web", { containers: [{ name: "main", image: "busybox" }] });
    await node.until("web", "ready", isReady);
    await node.agent.close();
    node.runtime.reboot();
    await node.restart();
    const pod = await node.until("web", "back", (one) => restarts(one) === 1 && isReady(one));
    assert.equal(pod.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode, 137);
  } finally {
    await node.close();
  }
});

test("of a run that the runtime has forgotten the API's word is kept, with its log", async () => {
  const node = await testNode();
  try {
    await node.run("web", { containers: [{ name: "main", image: "busybox" }] });
    const { status } = await node.until("web", "ready", isReady);
    await node.agent.close();
    for (const { id } of await node.runtime.sandboxes()) await node.runtime.removeSandbox(id);
    await node.restart();
    const pod = await node.until("web", "back", (one) => restarts(one) === 1 && isReady(one));
    const ended = pod.status?.containerStatuses?.[0]?.lastState?.terminated;
    assert.deepEqual([ended?.exitCode, ended?.reason], [137, "ContainerStatusUnknown"]);
    assert.equal(ended?.containerID, status?.containerStatuses?.[0]?.containerID);
  } finally {
    await node.close();
  }
});

test("while the API is away a new agent keeps the pods it knew, and reports when it is back", async () => {
  let away = false;
  const node = await testNode({
    server: (clock) => {
      const server = new FakeApiServer(clock);
      server.fault = () => {
        if (away) throw unavailable("nobody there");
      };
      return server;
    },
  });
  try {
    await node.run("web", { containers: [{ name: "main", image: "busybox" }] });
    await node.until("web", "ready", isReady);
    await node.agent.close();
    away = true;
    await node.restart();
    const running = async () => (await node.runtime.containers()).filter((one) => one.state === "running");
    await eventually(async () => !(node.agent.pods.workers.size === 0));
    const [first] = await running();
    node.runtime.exit(first?.id ?? "", 1);
    await eventually(async () => !((await running())[0]?.attempt !== 1));
    away = false;
    await node.until("web", "reported", (one) => restarts(one) === 1 && isReady(one));
  } finally {
    await node.close();
  }
});

test("what belongs to pods that no longer exist is removed once the list is known", async () => {
  const node = await testNode();
  try {
    await node.run("old", { containers: [{ name: "main", image: "busybox" }] });
    await node.until("old", "ready", isReady);
    await node.agent.close();
    await node.client.resource(pods, "default").delete("old", { gracePeriodSeconds: 0 });
    assert.equal((await node.runtime.sandboxes()).length, 1);
    await node.restart();
    await eventually(async () => !((await node.runtime.sandboxes()).length > 0));
    await eventually(async () => !((await node.host.files.list(`${node.directory}/state/pods`)).length > 0));
  } finally {
    await node.close();
  }
});

test("somebody else's word on a pod's readiness is corrected", async () => {
  const node = await testNode();
  try {
    await node.run("web", { containers: [{ name: "main", image: "busybox" }] });
    const pod = await node.until("web", "ready", isReady);
    const conditions = pod.status?.conditions?.map((one) =>
      one.type === "Ready" ? { ...one, status: "False" } : one,
    );
    const patch = { type: "merge" as const, patch: { status: { conditions } } };
    const written = await node.client
      .resource(pods, "default")
      .patch("web", patch, { subresource: "status" });
    assert.equal(isReady(written), false);
    await node.until("web", "ready again", isReady);
  } finally {
    await node.close();
  }
});

test("of a container that ends again and again, the last two runs stay, with their logs", async () => {
  const node = await testNode({ behaviour: () => ({ runsMs: 1, exitCode: 1 }) });
  try {
    const pod = await node.run("crash", { containers: [{ name: "main", image: "busybox" }] });
    const directory = `${node.directory}/logs/default_crash_${pod.metadata?.uid}/main`;
    await node.host.files.makeDirectory(directory);
    for (const attempt of [0, 1, 2, 3]) {
      await node.until("crash", `started ${attempt}`, (one) => restarts(one) >= attempt);
      for (const name of [`${attempt}.log`, `${attempt}.log.1`])
        await node.host.files.append(`${directory}/${name}`, "x");
    }
    await eventually(async () => (await node.runtime.containers()).length <= 2);
    await eventually(async () => (await node.host.files.list(directory)).length <= 4);
  } finally {
    await node.close();
  }
});

test("one that was created but not started when the agent ended is made anew, and is no restart", async () => {
  let startMs = 30_000;
  const node = await testNode({ behaviour: () => ({ startMs }) });
  try {
    await node.run("web", { containers: [{ name: "main", image: "busybox" }] });
    await eventually(async () => (await node.runtime.containers())[0]?.state === "created");
    await node.agent.close();
    startMs = 0;
    await node.restart();
    assert.equal(restarts(await node.until("web", "ready", isReady)), 0);
    assert.equal((await node.runtime.containers()).length, 1);
  } finally {
    await node.close();
  }
});

test("a pod's token is renewed in its file before it expires", async () => {
  const askedAt: number[] = [];
  const lifeMs = 60_000;
  const node = await testNode({
    server: (clock) => {
      const server = new FakeApiServer(clock);
      return {
        close: () => server.close(),
        async request(request) {
          if (!request.path.endsWith("/serviceaccounts/default/token")) return server.request(request);
          askedAt.push(clock.now());
          const expirationTimestamp = new Date(clock.now() + lifeMs).toISOString();
          const answer = { status: { token: `token-${askedAt.length}`, expirationTimestamp } };
          const bytes = new TextEncoder().encode(JSON.stringify(answer));
          const headers = { "content-type": "application/json" };
          return {
            status: 201,
            headers,
            body: (async function* () {
              yield bytes;
            })(),
          };
        },
      };
    },
  });
  try {
    const sources = [{ serviceAccountToken: { path: "token", expirationSeconds: 600 } }];
    const pod = await node.run("web", {
      containers: [{ name: "main", image: "busybox" }],
      volumes: [{ name: "access", projected: { sources } }],
    });
    await node.until("web", "ready", isReady);
    const directory = `${node.directory}/memory/pods/${pod.metadata?.uid}/volumes/kubernetes.io~projected/access`;
    const renewed = /^token-([2-9]|\d\d+)$/;
    await eventually(async () => renewed.test((await node.host.files.read(`${directory}/token`)) ?? ""));
    const [first = 0, second = 0] = askedAt;
    assert.ok(second - first > lifeMs / 2, `asked again after ${second - first} ms`);
  } finally {
    await node.close();
  }
});
