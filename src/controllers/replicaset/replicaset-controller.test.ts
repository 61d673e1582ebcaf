import assert from "node:assert/strict";
import { test } from "node:test";
import { replicaSets } from "#api";
import { ApiError, seededRandom, silentLogger, silentMetrics } from "#base";
import { createClient, Informers } from "#client";
import { runController } from "#reconcile";
import { FakeApiServer, VirtualClock } from "#testing";
import { replicaSetController } from "./replicaset-controller.ts";

test("pods that cannot be created are tried again after ever longer pauses, whatever the reason calls them", async (t) => {
  const clock = new VirtualClock();
  const server = new FakeApiServer(clock);
  const random = seededRandom(1);
  const client = createClient({ transport: server, clock, random });
  const ended = new AbortController();
  const runtime = {
    client,
    clock,
    random,
    logger: silentLogger,
    metrics: silentMetrics,
    signal: ended.signal,
  };
  const recorder = () => ({ record: () => {}, flush: async () => {} });
  const controller = replicaSetController({ ...runtime, informers: new Informers(runtime), recorder });
  const running = runController(controller, runtime);
  t.after(async () => {
    ended.abort();
    await running;
  });
  let tries = 0;
  server.fault = ({ method, path }) => {
    if (method !== "POST" || !path.includes("/pods")) return;
    tries += 1;
    throw new ApiError(
      "Forbidden",
      `pods "web-${tries}" is forbidden: no PriorityClass with name urgent was found`,
    );
  };
  const labels = { app: "web" };
  const template = { metadata: { labels }, spec: { containers: [{ name: "web", image: "web:1" }] } };
  const spec = { replicas: 1, selector: { matchLabels: labels }, template };
  await client.resource(replicaSets, "shop").create({ metadata: { name: "web" }, spec });
  await clock.advance(60_000);
  assert.ok(tries >= 5 && tries <= 20, `tried ${tries} times in a minute`);
  const [condition] = (await client.resource(replicaSets, "shop").get("web")).status?.conditions ?? [];
  assert.equal(condition?.type, "ReplicaFailure");
  assert.match(condition?.message ?? "", /no PriorityClass with name urgent was found/);
});
