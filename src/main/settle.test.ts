import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "#testing";
import type { ProgramMemory } from "./program-memory.ts";
import { settle } from "./settle.ts";

/** Memory that keeps a diary. `collected` is V8's own collection. */
function fakeMemory(heapBytes = 1_000_000) {
  const done: string[] = [];
  let collected = () => {};
  const memory: ProgramMemory = {
    heapBytes: () => heapBytes,
    collect: () => done.push("collect"),
    trim: () => done.push("trim"),
    onCollected(listener) {
      collected = listener;
    },
  };
  return { memory, done, collected: () => collected() };
}

test("a program that has started gives memory back, once", async () => {
  const clock = new VirtualClock();
  const { memory, done } = fakeMemory();
  const { signal } = new AbortController();
  const settled = settle({ clock, signal, memory });
  assert.deepEqual(done, []);
  await clock.advance(5_000);
  await settled;
  await clock.advance(60_000);
  assert.deepEqual(done, ["collect", "trim"]);
});

test("a large heap is left to V8", async () => {
  const clock = new VirtualClock();
  const { memory, done } = fakeMemory(100_000_000);
  const settled = settle({ clock, signal: new AbortController().signal, memory });
  await clock.advance(5_000);
  await settled;
  assert.deepEqual(done, ["trim"]);
});

test("what V8 frees after a burst goes back once the program pauses", async () => {
  const clock = new VirtualClock();
  const { memory, done, collected } = fakeMemory();
  const settled = settle({ clock, signal: new AbortController().signal, memory });
  await clock.advance(5_000);
  await settled;
  done.length = 0;
  for (let busy = 0; busy < 5; busy++) {
    collected();
    await clock.advance(1_000);
  }
  assert.deepEqual(done, []);
  await clock.advance(60_000);
  assert.deepEqual(done, ["trim"]);
});

test("a program that ends before it has settled does not wait for it", async () => {
  const clock = new VirtualClock();
  const ended = new AbortController();
  const { memory, done } = fakeMemory();
  const settled = settle({ clock, signal: ended.signal, memory });
  ended.abort();
  await settled;
  assert.deepEqual(done, []);
});
