import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base";
import { VirtualClock } from "#testing";
import { limits } from "../limits.ts";
import { beats } from "./beats.ts";

test("each node beats once in an interval, always in its own turn, however long a beat takes", async () => {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  await clock.advance(777);
  for (let node = 0; node < 100; node += 1) {
    const untilNext = beats({ clock, random });
    const first = clock.monotonicMs() + untilNext();
    await clock.advance(first - clock.monotonicMs());
    const tookMs = random.uint32() % 2_000;
    await clock.advance(tookMs);
    assert.equal(untilNext(), limits.beatMs - tookMs);
    // The timer of a turn that fires a little early does not take that turn twice.
    await clock.advance(limits.beatMs - tookMs - 1);
    assert.equal(untilNext(), limits.beatMs + 1);
  }
});

test("nodes are spread over the interval, and meet in its turns", () => {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const turns = new Map<number, number>();
  for (let node = 0; node < 1_000; node += 1) {
    const atMs = beats({ clock, random })() % limits.beatMs;
    assert.equal(atMs % limits.beatTurnMs, 0);
    turns.set(atMs, (turns.get(atMs) ?? 0) + 1);
  }
  assert.equal(turns.size, limits.beatMs / limits.beatTurnMs);
  assert.ok(Math.max(...turns.values()) < 60);
});
