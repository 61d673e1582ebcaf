import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatIndexes, parseIndexes } from "./indexes.ts";

test("indexes are written shortest, and read back", () => {
  assert.equal(formatIndexes(new Set([1, 3, 4, 5, 7])), "1,3-5,7");
  assert.equal(formatIndexes(new Set([1, 2])), "1,2");
  assert.deepEqual([...parseIndexes("1,3-5,x,9", 5)], [1, 3, 4]);
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat({ max: 200 })), (many) => {
      const sorted = [...many].sort((a, b) => a - b);
      assert.deepEqual([...parseIndexes(formatIndexes(new Set(many)), 1000)], sorted);
    }),
  );
});
