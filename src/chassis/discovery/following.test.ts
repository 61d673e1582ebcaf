import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, silentLogger } from "#base";
import { ManualClock, settled } from "#testing";
import { Following } from "./following.ts";
import type { Instance } from "./instance.ts";
import { limits } from "./limits.ts";
import type { Registry } from "./registry.ts";

const one: Instance = { service: "orders", id: "a", host: "127.0.0.1", port: 1 };

/** A registry that does as it is told, one turn after another; then it says no more. */
function scripted(...turns: (readonly Instance[] | Error)[]) {
  const asked = { times: 0 };
  const registry: Registry = {
    async *watch(_service, signal) {
      asked.times += 1;
      for (let turn = turns.shift(); turn; turn = turns.shift()) {
        if (turn instanceof Error) throw turn;
        yield turn;
      }
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    },
  };
  const clock = new ManualClock();
  const random = seededRandom(1);
  const following = new Following({ registry, service: "orders", clock, random, logger: silentLogger });
  return { following, clock, asked };
}

test("what a registry said last stands while it fails, and it is asked again", async () => {
  const { following, clock, asked } = scripted([one], new Error("gone"), []);
  assert.deepEqual(await following.instances(), [one]);
  await settled();
  assert.deepEqual(following.instances(), [one]);
  await clock.advance(limits.retryMs);
  assert.equal(asked.times, 2);
  assert.deepEqual(following.instances(), []);
  following.close();
});

test("who waits for the first answer hears why there is none; who comes later gets it", async () => {
  const { following, clock } = scripted(new Error("not yet"), [one]);
  await assert.rejects(async () => following.instances(), /not yet/);
  const later = following.instances();
  await clock.advance(limits.retryMs);
  assert.deepEqual(await later, [one]);
  following.close();
});

test("who stops to follow leaves no timer behind", async () => {
  const { following, clock } = scripted(new Error("down"));
  await settled();
  following.close();
  await settled();
  assert.equal(clock.pending, 0);
});
