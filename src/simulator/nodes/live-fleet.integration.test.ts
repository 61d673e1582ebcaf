import assert from "node:assert/strict";
import { test } from "node:test";
import { deployments, isPodReady, nodes, type Pod, pods } from "#api";
import { seededRandom, silentLogger, silentMetrics, systemClock } from "#base";
import { Informers } from "#client";
import { httpsTransport } from "#client/node";
import { startControllers } from "#controllers";
import { startScheduler } from "#scheduler";
import { servedCluster } from "#testing";
import { ordinary } from "./behaviour.ts";
import { liveFleet } from "./live-fleet.ts";

test("simulated nodes serve a real cluster: over HTTPS, by the machine's clock", async (t) => {
  const cluster = await servedCluster({ secured: true });
  const ended = new AbortController();
  const runtime = {
    client: cluster.client,
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
    metrics: silentMetrics,
    signal: ended.signal,
  };
  const { authority, ...credentials } = cluster.tls;
  const transport = httpsTransport({
    server: `https://127.0.0.1:${cluster.listener.port}`,
    authority,
    credentials,
  });
  const running = Promise.all([startControllers({ ...runtime, authority }), startScheduler(runtime)]);
  t.after(async () => {
    ended.abort();
    await running;
    await transport.close();
    await cluster.close();
  });
  const quick = {
    ...ordinary,
    startMs: [1, 20] as const,
    readyMs: [1, 20] as const,
    stopMs: [1, 20] as const,
  };
  const fleet = liveFleet({ ...runtime, transport, behaviour: quick });
  for (let index = 1; index <= 10; index += 1) {
    const shape = { name: `fake-${index}`, cpuMilli: 4_000, memoryBytes: 2 ** 33, storageBytes: 2 ** 36 };
    fleet.add({ ...shape, podRange: `10.244.${index}.0/24` }).boot();
  }
  const informer = new Informers(runtime).of(pods);
  const until = (holds: (all: readonly Pod[]) => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => holds([...informer.values()]) && resolve();
      const stop = informer.addHandler({ added: look, updated: look, deleted: look });
      ended.signal.addEventListener("abort", stop, { once: true });
    });
  const labels = { app: "web" };
  await cluster.client.resource(deployments, "default").create({
    metadata: { name: "web" },
    spec: {
      replicas: 30,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "web", image: "web:1" }] } },
    },
  });
  await until((all) => all.length === 30 && all.every(isPodReady));
  assert.equal((await cluster.client.resource(nodes).list()).items.length, 10);
  await cluster.client.resource(deployments, "default").delete("web", { propagationPolicy: "Background" });
  await until((all) => all.length === 0);
});
