import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { partitionOf, partitions, token } from "./names.ts";

test("any text is one token, and different texts are different tokens", () => {
  const text = fc.string({ unit: "binary", minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(text, text, (one, other) => {
      assert.match(token(one), /^[A-Za-z0-9=-]+$/);
      assert.equal(token(one) === token(other), Buffer.from(one).equals(Buffer.from(other)));
    }),
  );
});

test("a key falls into the same partition for ever: what is stored depends on it", () => {
  assert.deepEqual(["", "a", "order-7", "ä"].map(partitionOf), [14, 7, 11, 15]);
  const hit = new Set(Array.from({ length: 200 }, (_, at) => partitionOf(`key ${at}`)));
  assert.equal(hit.size, partitions);
});
