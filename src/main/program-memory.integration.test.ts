import assert from "node:assert/strict";
import { test } from "node:test";
import { ownMemory } from "./program-memory.ts";

test("a collection leaves a program that works, and flags as they were", () => {
  ownMemory.collect();
  ownMemory.trim();
  assert.equal("gc" in globalThis, false);
});

test("giving back takes nothing itself, however often it happens", () => {
  ownMemory.trim();
  const before = process.memoryUsage.rss();
  for (let times = 0; times < 2_000; times++) ownMemory.trim();
  assert.ok(process.memoryUsage.rss() - before < 10_000_000, "2,000 look-ups would take 20 MB");
});

test("V8's collections of the whole heap are told", { timeout: 10_000 }, async () => {
  const told = new Promise<void>((resolve) => ownMemory.onCollected(resolve));
  ownMemory.collect();
  await told;
});
