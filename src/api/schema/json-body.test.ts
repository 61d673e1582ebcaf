import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseJsonBody } from "./json-body.ts";
import { maxBodyValues, maxNestingDepth } from "./limits.ts";

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

test("a field given twice is named by its path, and the last one counts", () => {
  const body = parseJsonBody(bytes('{"a":1,"spec":{"list":[{"x":1},{"y":":","y":2}]},"a":2}'));
  assert.deepEqual(body.duplicateFields, ["spec.list[1].y", "a"]);
  assert.deepEqual(body.value, { a: 2, spec: { list: [{ x: 1 }, { y: 2 }] } });
});

test("equal keys of different objects are no duplicates", () => {
  assert.deepEqual(parseJsonBody(bytes('[{"a":1},{"a":2},{"b":{"a":1}}]')).duplicateFields, []);
});

test("keys that differ only in how they are escaped are duplicates", () => {
  assert.deepEqual(parseJsonBody(bytes('{"a":1,"\\u0061":2}')).duplicateFields, ["a"]);
});

test("any JSON comes back as it was, without duplicates", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const body = parseJsonBody(bytes(text));
      assert.deepEqual(body.value, JSON.parse(text));
      assert.deepEqual(body.duplicateFields, []);
    }),
    { seed: 36 },
  );
});

test("what is not JSON is a bad request", () => {
  for (const text of ["", "{", '{"a"', "yes", '{"a":1}}', '"open']) {
    assert.throws(() => parseJsonBody(bytes(text)), { reason: "BadRequest" }, text);
  }
});

test("endless nesting is refused before anything recursive sees it", () => {
  const deep = "[".repeat(maxNestingDepth + 1);
  assert.throws(() => parseJsonBody(bytes(deep)), { reason: "BadRequest", message: /nested deeper/ });
  const allowed = "[".repeat(maxNestingDepth) + "]".repeat(maxNestingDepth);
  assert.ok(Array.isArray(parseJsonBody(bytes(allowed)).value));
});

test("more values than an object can hold are too many, in objects and in lists", () => {
  const list = (length: number) => bytes(`[${Array(length).fill("1").join(",")}]`);
  assert.ok(Array.isArray(parseJsonBody(list(maxBodyValues)).value));
  assert.throws(() => parseJsonBody(list(maxBodyValues + 1)), { reason: "RequestEntityTooLarge" });
  const objects = bytes(
    `[${Array(maxBodyValues / 2 + 1)
      .fill("{}")
      .join(",")}]`,
  );
  assert.throws(() => parseJsonBody(objects), { reason: "RequestEntityTooLarge" });
});
