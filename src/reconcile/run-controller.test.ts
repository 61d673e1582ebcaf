import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { configMaps } from "#api";
import { seededRandom, silentLogger, silentMetrics } from "#base";
import { createClient, Informers } from "#client";
import { FakeApiServer, settled, VirtualClock } from "#testing";
import { controller, type Reconcile, TerminalError, watch } from "./controller.ts";
import { runController } from "./run-controller.ts";

function newWorld(t: TestContext, reconcile: Reconcile) {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const client = createClient({ transport: new FakeApiServer(clock), clock, random });
  const ended = new AbortController();
  t.after(() => ended.abort());
  const runtime = { clock, random, logger: silentLogger, signal: ended.signal };
  const informers = new Informers({ client, ...runtime });
  const tested = controller({ name: "test", watches: [watch(informers.of(configMaps))], reconcile });
  const running = runController(tested, { ...runtime, metrics: silentMetrics });
  const create = (name: string) => client.resource(configMaps, "shop").create({ metadata: { name } });
  return { clock, create, running, ended };
}

test("a change is reconciled by its key, without a pause", async (t) => {
  const keys: string[] = [];
  const { create } = newWorld(t, async (key) => {
    keys.push(key);
    return undefined;
  });
  await create("a");
  await settled();
  assert.deepEqual(keys, ["shop/a"]);
});

test("an error is tried again with growing pauses until it succeeds", async (t) => {
  let attempts = 0;
  const { clock, create } = newWorld(t, async () => {
    attempts += 1;
    if (attempts < 5) throw new Error("not yet");
    return undefined;
  });
  await create("a");
  await clock.advance(1000);
  assert.equal(attempts, 5);
  await clock.advance(600_000);
  assert.equal(attempts, 5);
});

test("a terminal error is not tried again", async (t) => {
  let attempts = 0;
  const { clock, create } = newWorld(t, async () => {
    attempts += 1;
    throw new TerminalError("never");
  });
  await create("a");
  await clock.advance(600_000);
  assert.equal(attempts, 1);
});

test("a reconcile may ask to be called again at a time", async (t) => {
  let attempts = 0;
  const { clock, create } = newWorld(t, async () => {
    attempts += 1;
    return attempts === 1 ? { requeueAfterMs: 5000 } : undefined;
  });
  await create("a");
  await clock.advance(4999);
  assert.equal(attempts, 1);
  await clock.advance(1);
  assert.equal(attempts, 2);
});

test("one slow key does not hold up another, and no more run at a time than allowed", async (t) => {
  let running = 0;
  let most = 0;
  const finished: string[] = [];
  const { clock, create } = newWorld(t, async (key) => {
    running += 1;
    most = Math.max(most, running);
    if (key === "shop/0") await clock.sleep(10_000);
    else await clock.sleep(10);
    running -= 1;
    finished.push(key);
    return undefined;
  });
  for (let index = 0; index < 20; index += 1) await create(`${index}`);
  await clock.advance(1000);
  assert.equal(most, 4);
  assert.equal(finished.length, 19);
});

test("it ends when its signal aborts", async (t) => {
  const { create, running, ended } = newWorld(t, async (_key, signal) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    return undefined;
  });
  await create("a");
  await settled();
  ended.abort();
  await running;
});
