import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { seededRandom } from "#base";
import { lacksNats, realNats } from "#testing";
import { composer } from "../message.ts";
import { natsBroker } from "./nats-broker.ts";

describe("copies of a subscriber on NATS", { skip: lacksNats() }, () => {
  const compose = composer({ source: "/test", random: seededRandom(5) });
  const order = (key: string, data: number) => compose({ topic: "orders", type: "counted", key, data });

  test("what a killed process had in hand another has at once, in order", { timeout: 30_000 }, async (t) => {
    const nats = await realNats();
    t.after(() => nats.stop());
    const child = spawn(process.execPath, [join(import.meta.dirname, "testing/copy-process.ts"), nats.url], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => child.kill("SIGKILL"));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    assert.equal((await lines.next()).value, "stands");
    const broker = natsBroker({ connection: { servers: nats.url } });
    t.after(() => broker.close());
    await broker.publish([order("stuck", 1), order("stuck", 2)]);
    assert.equal((await lines.next()).value, "stuck 1");

    const handled: unknown[] = [];
    const both = Promise.withResolvers<void>();
    const subscription = await broker.subscribe({
      topic: "orders",
      subscriber: "shipping",
      async handle({ message: { event } }) {
        handled.push(event.data);
        if (handled.length === 3) both.resolve();
      },
    });
    t.after(() => subscription.close());
    const ended = once(child, "close");
    child.kill("SIGKILL");
    await ended;
    await broker.publish([order("stuck", 3)]);
    await both.promise;
    assert.deepEqual(handled, [1, 2, 3]);
  });

  test("a second copy gets its share of the keys, and gives it back when it closes", {
    timeout: 30_000,
  }, async (t) => {
    const nats = await realNats();
    t.after(() => nats.stop());
    const broker = natsBroker({ connection: { servers: nats.url } });
    t.after(() => broker.close());
    const keys = Array.from({ length: 64 }, (_, at) => `key ${at}`);
    const counts = [0, 0];
    let round = Promise.withResolvers<void>();
    let left = 0;
    const open = (at: number) =>
      broker.subscribe({
        topic: "orders",
        subscriber: "shipping",
        async handle() {
          counts[at] = (counts[at] ?? 0) + 1;
          left -= 1;
          if (left === 0) round.resolve();
        },
      });
    const publish = async () => {
      counts.fill(0);
      left = keys.length;
      round = Promise.withResolvers();
      await broker.publish(keys.map((key) => order(key, 1)));
      await round.promise;
    };
    const first = await open(0);
    t.after(() => first.close());
    await publish();
    assert.deepEqual(counts, [64, 0]);
    const second = await open(1);
    do await publish();
    while ((counts[1] ?? 0) < 20);
    assert.equal((counts[0] ?? 0) + (counts[1] ?? 0), 64);
    await second.close();
    do await publish();
    while (counts[0] !== 64);
  });
});
