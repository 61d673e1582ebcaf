import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "#testing";
import { Patience } from "./patience.ts";

test("it ends when nothing has moved for so long, and not before; a new phase begins anew", async () => {
  const clock = new VirtualClock();
  let ended = 0;
  const patience = new Patience(clock, () => {
    ended += 1;
  });
  patience.allow(100);
  for (let time = 0; time < 10; time += 1) {
    await clock.advance(90);
    patience.moved();
  }
  assert.equal(ended, 0);
  patience.allow(1_000);
  await clock.advance(999);
  assert.equal(ended, 0);
  await clock.advance(1);
  assert.deepEqual([ended, clock.pending], [1, 0]);
  patience.allow(10);
  patience.stop();
  assert.equal(clock.pending, 0);
});
