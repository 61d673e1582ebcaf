import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type FrozenIndex, OrderedIndex } from "./ordered-index.ts";

interface Item {
  readonly key: string;
  readonly serial: number;
}

const key = fc.oneof(
  fc.integer({ min: 0, max: 2000 }).map((n) => `/k/${n}`),
  fc.string({ unit: fc.constantFrom("a", "b", "/", "\u{ffff}", "é"), maxLength: 4 }),
);
const prefix = fc.constantFrom("", "/", "/k/", "/k/1", "/k/19", "a", "b/", "\u{ffff}", "é", "zzz");

test("the index agrees with a sorted list, and frozen views never change", () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ set: key }) },
    { weight: 5, arbitrary: fc.record({ remove: key }) },
    { weight: 1, arbitrary: fc.record({ from: fc.nat(2000), many: fc.nat(400), add: fc.boolean() }) },
    { weight: 1, arbitrary: fc.constant({ freeze: true }) },
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 200 }),
      fc.array(fc.tuple(prefix, fc.option(key), fc.nat(20))),
      (steps, asked) => {
        const index = new OrderedIndex<Item>();
        const model = new Map<string, Item>();
        const frozen: { view: FrozenIndex<Item>; expected: Item[] }[] = [];
        let serial = 0;
        const set = (name: string) => {
          serial += 1;
          const item = { key: name, serial };
          assert.equal(index.set(item), model.get(name));
          model.set(name, item);
        };
        const remove = (name: string) => {
          assert.equal(index.delete(name), model.get(name));
          model.delete(name);
        };
        for (const step of steps) {
          if ("set" in step) set(step.set);
          else if ("remove" in step) remove(step.remove);
          else if ("freeze" in step) frozen.push({ view: index.freeze(), expected: sorted(model) });
          else for (let i = 0; i < step.many; i += 1) (step.add ? set : remove)(`/k/${step.from + i}`);
        }
        frozen.push({ view: index.freeze(), expected: sorted(model) });
        for (const { view, expected } of frozen) {
          assert.deepEqual(view.scan("", undefined, Number.POSITIVE_INFINITY), expected);
          assert.equal(view.size, expected.length);
          for (const [start, after, limit] of asked) {
            const wanted = expected.filter(
              (item) => item.key.startsWith(start) && (after === null || item.key > after),
            );
            assert.deepEqual(view.scan(start, after ?? undefined, limit), wanted.slice(0, limit));
            assert.equal(view.count(start, after ?? undefined), wanted.length);
          }
          for (const item of expected) assert.equal(view.get(item.key), item);
        }
      },
    ),
    { numRuns: 150 },
  );
});

test("ten thousand keys in any order come back in order, and go one by one", () => {
  const index = new OrderedIndex<Item>();
  for (let i = 0; i < 10_007; i += 1)
    index.set({ key: String((i * 7919) % 10_007).padStart(6, "0"), serial: i });
  const keys = index
    .freeze()
    .scan("", undefined, Number.POSITIVE_INFINITY)
    .map((item) => item.key);
  assert.deepEqual(keys, [...keys].sort());
  assert.equal(index.freeze().count("00", undefined), 10_000);
  for (let i = 0; i < 10_007; i += 1) {
    index.delete(String((i * 104_729) % 10_007).padStart(6, "0"));
    assert.equal(index.size, 10_006 - i);
  }
});

function sorted(model: ReadonlyMap<string, Item>): Item[] {
  return [...model.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}
