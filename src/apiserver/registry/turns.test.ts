import assert from "node:assert/strict";
import { test } from "node:test";
import { Turns } from "./turns.ts";

test("work on one key runs in order, after failures too; other keys do not wait", async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = turns.take("a", async () => {
    await gate.promise;
    seen.push("a1");
    throw new Error("failed");
  });
  const second = turns.take("a", async () => seen.push("a2"));
  await turns.take("b", async () => seen.push("b1"));
  gate.resolve();
  await assert.rejects(first, /failed/);
  await second;
  assert.deepEqual(seen, ["b1", "a1", "a2"]);
});
