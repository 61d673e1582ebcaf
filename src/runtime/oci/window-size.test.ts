import assert from "node:assert/strict";
import { test } from "node:test";
import { windowSizeTeller } from "./window-size.ts";

test("of sizes that come faster than they can be told the last one is told, and the others do not wait", async () => {
  const told: unknown[] = [];
  const done = Promise.withResolvers<void>();
  const write = async (_path: string, size: unknown) => {
    await new Promise(setImmediate);
    told.push(size);
    if (size === "24 1000\n") done.resolve();
  };
  const tell = windowSizeTeller({ write }, "/bundle/winsz");
  for (let columns = 1; columns <= 1000; columns += 1) tell({ columns, rows: 24 });
  await done.promise;
  assert.deepEqual(told, ["24 1\n", "24 1000\n"]);
});

test("a size that cannot be told does not keep the next from being told", async () => {
  const told = Promise.withResolvers<unknown>();
  let failed = false;
  const write = async (_path: string, size: unknown) => {
    if (failed) return told.resolve(size);
    failed = true;
    throw new Error("not there yet");
  };
  const tell = windowSizeTeller({ write }, "/bundle/winsz");
  tell({ columns: 80, rows: 24 });
  await new Promise(setImmediate);
  tell({ columns: 100, rows: 0.5 });
  assert.equal(await told.promise, "1 100\n");
});
