import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  addMember,
  difference,
  type FieldSet,
  intersection,
  paths,
  sameSet,
  union,
  unionOfAll,
} from "./field-set.ts";

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

test("the union of many sets is that of one after another", () => {
  fc.assert(
    fc.property(fc.array(pathSets, { maxLength: 5 }), (lists) => {
      assert.ok(sameSet(unionOfAll(lists.map(setOf)), lists.map(setOf).reduce(union, {})));
    }),
  );
});

test("a set to which nothing is added, and from which nothing is taken, comes back itself", () => {
  fc.assert(
    fc.property(pathSets, pathSets, (a, b) => {
      const [left, right] = [setOf(a), setOf(b)];
      if (textSet(b).isSubsetOf(textSet(a))) assert.equal(union(left, right), left);
      if (textSet(b).isDisjointFrom(textSet(a))) assert.equal(difference(left, right), left);
    }),
  );
});

test("however deep sets are, what is at their bottom is looked at a few times only", () => {
  let looks = 0;
  const bottomOf = (element: string) =>
    new Proxy<FieldSet>(
      { "f:same": {}, [element]: {} },
      {
        ownKeys(node) {
          looks += 1;
          return Reflect.ownKeys(node);
        },
      },
    );
  const deep = (element: string) => {
    let node = bottomOf(element);
    for (let level = 0; level < 500; level++) node = { "f:a": node };
    return node;
  };
  union(deep("f:x"), deep("f:y"));
  difference(deep("f:x"), deep("f:y"));
  unionOfAll([deep("f:x"), deep("f:y")]);
  intersection(deep("f:x"), deep("f:y"));
  assert.ok(looks < 50, `${looks} looks`);
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
