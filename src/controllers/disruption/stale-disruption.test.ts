import assert from "node:assert/strict";
import { test } from "node:test";
import { type Pod, podCondition, pods } from "#api";
import { seededRandom, silentLogger, silentMetrics, timestamp } from "#base";
import { Informers } from "#client";
import { runController } from "#reconcile";
import { testCluster, VirtualClock } from "#testing";
import { podOfControllers } from "../shared/pod-of-controllers.ts";
import { staleDisruptionController } from "./stale-disruption-controller.ts";

test("a pod that was said to be disrupted and is still there two minutes later is said not to be", async (t) => {
  const cluster = await testCluster();
  const clock = new VirtualClock();
  const ended = new AbortController();
  const runtime = {
    client: cluster.client,
    clock,
    random: seededRandom(1),
    logger: silentLogger,
    metrics: silentMetrics,
    signal: ended.signal,
  };
  const informers = new Informers(runtime);
  const recorder = () => ({ record: () => {}, flush: async () => {} });
  const controller = staleDisruptionController({ ...runtime, informers, recorder });
  const running = runController(controller, runtime);
  t.after(async () => {
    ended.abort();
    await running;
    await cluster.close();
  });

  const api = cluster.client.resource(pods, "default");
  await api.create({ metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "c:1" }] } });
  const condition = { type: "DisruptionTarget", status: "True", lastTransitionTime: timestamp(clock) };
  const patch = { status: { phase: "Running", conditions: [condition] } };
  await api.patch("p", { type: "merge", patch }, { subresource: "status" });

  const statusIs = (status: string) =>
    new Promise<void>((resolve) => {
      const look = (pod: Pod) => podCondition(pod, "DisruptionTarget")?.status === status && resolve();
      informers.of(pods, { keep: podOfControllers }).addHandler({ added: look, updated: look });
    });
  await statusIs("True");
  await clock.advance(119_000);
  assert.equal(podCondition(await api.get("p"), "DisruptionTarget")?.status, "True");
  const takenBack = statusIs("False");
  await clock.advance(1000);
  await takenBack;
});
