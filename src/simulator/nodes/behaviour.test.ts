import assert from "node:assert/strict";
import { test } from "node:test";
import { ordinary, outOfMemoryAfterMs } from "./behaviour.ts";

const mebibyte = 2 ** 20;

test("who uses more than the limit is killed at once, who leaks when it has come so far, everybody else never", () => {
  const uses = (memory: number, leakPerHour: number) =>
    outOfMemoryAfterMs(
      {
        ...ordinary.usage,
        memoryBytes: memory * mebibyte,
        isMemoryAssumed: false,
        leakBytesPerHour: leakPerHour * mebibyte,
      },
      128 * mebibyte,
    );
  assert.equal(uses(200, 0), 0);
  assert.equal(uses(200, 1), 0);
  assert.equal(uses(64, 128), 1_800_000);
  assert.equal(uses(128, 0), undefined);
  assert.equal(outOfMemoryAfterMs(ordinary.usage, mebibyte), undefined, "nobody said what it uses");
});
