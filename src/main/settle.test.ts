import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "#testing";
import { settle } from "./settle.ts";

test("a program that has started gives memory back, once", async () => {
  const clock = new ManualClock();
  let collections = 0;
  const { signal } = new AbortController();
  const settled = settle({ clock, signal, collect: () => collections++ });
  assert.equal(collections, 0);
  await clock.advance(5_000);
  await settled;
  await clock.advance(60_000);
  assert.equal(collections, 1);
});

test("a program that ends before it has settled does not wait for it", async () => {
  const clock = new ManualClock();
  const ended = new AbortController();
  const settled = settle({ clock, signal: ended.signal, collect: () => assert.fail("collected") });
  ended.abort();
  await settled;
});

test("the real collection leaves a program that works, and flags as they were", async () => {
  const clock = new ManualClock();
  const settled = settle({ clock, signal: new AbortController().signal });
  await clock.advance(5_000);
  await settled;
  assert.equal("gc" in globalThis, false);
});
