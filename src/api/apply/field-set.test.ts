import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { addMember, difference, type FieldSet, intersection, paths, sameSet, union } from "./field-set.ts";

const path = fc.array(fc.constantFrom("f:a", "f:b", 'k:{"name":"x"}', 'v:"y"'), {
  minLength: 1,
  maxLength: 4,
});
const pathSets = fc.array(path, { maxLength: 8 });

function setOf(list: readonly (readonly string[])[]): FieldSet {
  return list.map(single).reduce(union, {});
}

function single(elements: readonly string[]): FieldSet {
  return elements.reduceRight<FieldSet>((child, element) => ({ [element]: child }), {});
}

function textsOf(set: FieldSet): Set<string> {
  return new Set([...paths(set)].map((each) => each.join("/")));
}

function textSet(list: readonly (readonly string[])[]): Set<string> {
  return new Set(list.map((each) => each.join("/")));
}

test("a set holds the paths it was made of", () => {
  fc.assert(
    fc.property(pathSets, (list) =>
      assert.deepEqual([...textsOf(setOf(list))].sort(), [...textSet(list)].sort()),
    ),
  );
});

test("union, difference and intersection are those of the sets of paths", () => {
  fc.assert(
    fc.property(pathSets, pathSets, (a, b) => {
      const [left, right] = [textSet(a), textSet(b)];
      assert.deepEqual(textsOf(union(setOf(a), setOf(b))), left.union(right));
      assert.deepEqual(textsOf(difference(setOf(a), setOf(b))), left.difference(right));
      assert.deepEqual(textsOf(intersection(setOf(a), setOf(b))), left.intersection(right));
    }),
  );
});

test("a set survives being written and read", () => {
  fc.assert(
    fc.property(pathSets, (list) =>
      assert.ok(sameSet(JSON.parse(JSON.stringify(setOf(list))) as FieldSet, setOf(list))),
    ),
  );
});

test("a member keeps its children", () => {
  const node: FieldSet = { "f:a": {} };
  addMember(node);
  assert.deepEqual(node, { "f:a": {}, ".": {} });
});
