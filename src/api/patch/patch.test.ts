import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { JsonObject } from "../json.ts";
import { applyJsonPatch } from "./json-patch.ts";
import { applyMergePatch, createMergePatch } from "./merge-patch.ts";

test("every operation of a JSON patch does what RFC 6902 says", () => {
  const document = { a: 1, list: [1, 2], nested: { "x/y": 1, "m~n": 2 } };
  const cases: [object, object][] = [
    [
      { op: "add", path: "/b", value: 2 },
      { ...document, b: 2 },
    ],
    [
      { op: "add", path: "/list/1", value: 9 },
      { ...document, list: [1, 9, 2] },
    ],
    [
      { op: "add", path: "/list/-", value: 9 },
      { ...document, list: [1, 2, 9] },
    ],
    [
      { op: "remove", path: "/list/0" },
      { ...document, list: [2] },
    ],
    [
      { op: "remove", path: "/nested/x~1y" },
      { ...document, nested: { "m~n": 2 } },
    ],
    [
      { op: "replace", path: "/nested/m~0n", value: 3 },
      { ...document, nested: { "x/y": 1, "m~n": 3 } },
    ],
    [
      { op: "move", from: "/a", path: "/b" },
      { list: [1, 2], nested: document.nested, b: 1 },
    ],
    [
      { op: "copy", from: "/list", path: "/b" },
      { ...document, b: [1, 2] },
    ],
    [{ op: "test", path: "/list", value: [1, 2] }, document],
  ];
  for (const [operation, expected] of cases) {
    assert.deepEqual(applyJsonPatch(document, [operation]), expected, JSON.stringify(operation));
  }
  assert.deepEqual(
    document,
    { a: 1, list: [1, 2], nested: { "x/y": 1, "m~n": 2 } },
    "the document is not changed",
  );
});

test("a JSON patch that cannot be applied is Invalid, one that is none BadRequest", () => {
  const document = { a: 1, list: [1] };
  const impossible = [
    { op: "test", path: "/a", value: 2 },
    { op: "remove", path: "/b" },
    { op: "replace", path: "/b", value: 1 },
    { op: "add", path: "/b/c", value: 1 },
    { op: "add", path: "/list/5", value: 1 },
    { op: "add", path: "/list/01", value: 1 },
    { op: "copy", from: "/x", path: "/y" },
    { op: "move", from: "/list", path: "/list/0" },
    { op: "replace", path: "", value: 1 },
  ];
  for (const operation of impossible) {
    assert.throws(
      () => applyJsonPatch(document, [operation]),
      { reason: "Invalid", code: 422 },
      JSON.stringify(operation),
    );
  }
  for (const patch of [
    {},
    [1],
    [{ op: "x", path: "" }],
    [{ op: "add", path: "a", value: 1 }],
    [{ op: "add", path: "/a" }],
  ]) {
    assert.throws(() => applyJsonPatch(document, patch), { reason: "BadRequest" }, JSON.stringify(patch));
  }
});

test("copies cannot blow a document up", () => {
  const doubling = Array.from({ length: 40 }, (_, index) => ({
    op: "copy",
    from: "/a",
    path: `/a/${"b".repeat(index + 1)}`,
  }));
  assert.throws(() => applyJsonPatch({ a: { x: "x".repeat(1000) } }, doubling), /copies more than/);
});

test("operations cannot push a long list about without end", () => {
  const pushing = Array.from({ length: 10_000 }, () => ({ op: "add", path: "/a/0", value: 1 }));
  assert.throws(() => applyJsonPatch({ a: Array(2_000).fill(0) }, pushing), /moves more than/);
  assert.equal((applyJsonPatch({ a: [] }, pushing.slice(0, 1_000)).a as unknown[]).length, 1_000);
  const pulling = [
    ...pushing.slice(0, 6_000),
    ...pushing.slice(0, 4_000).map(() => ({ op: "remove", path: "/a/0" })),
  ];
  assert.throws(() => applyJsonPatch({ a: [] }, pulling), /moves more than/);
});

test("a field named __proto__ is a field", () => {
  const patched = applyJsonPatch({}, JSON.parse('[{"op":"add","path":"/__proto__","value":{"polluted":1}}]'));
  assert.equal(({} as { polluted?: number }).polluted, undefined);
  assert.ok(Object.hasOwn(patched, "__proto__"));
  const merged = applyMergePatch({}, JSON.parse('{"__proto__":{"polluted":1}}'));
  assert.equal((merged as { polluted?: number }).polluted, undefined);
});

const json = fc.letrec<{ value: unknown; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(1, "x", true),
    fc.array(fc.integer(), { maxLength: 2 }),
    tie("object"),
  ),
  object: fc.dictionary(fc.constantFrom("a", "b", "c"), tie("value"), {
    maxKeys: 3,
    noNullPrototype: true,
  }) as fc.Arbitrary<JsonObject>,
})).object;

test("a merge patch applied twice is a merge patch applied once", () => {
  fc.assert(
    fc.property(json, json, (document, patch) => {
      const once = applyMergePatch(document, patch);
      assert.deepEqual(applyMergePatch(once, patch), once);
    }),
  );
});

test("the merge patch made from two documents turns the one into the other", () => {
  fc.assert(
    fc.property(json, json, (from, to) =>
      assert.deepEqual(applyMergePatch(from, createMergePatch(from, to)), to),
    ),
  );
});

test("null removes, also inside what the patch adds", () => {
  assert.deepEqual(applyMergePatch({ a: 1, b: { c: 1 } }, { a: null, b: { c: null, d: { e: null } } }), {
    b: { d: {} },
  });
});
