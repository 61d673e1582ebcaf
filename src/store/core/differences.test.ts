import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { limits } from "../limits.ts";
import { bytesOf, differencesOf } from "./differences.ts";

test("what was told by differences is what comes back, of any bytes", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    // Few different bytes, so that stretches are alike by chance.
    fc.array(fc.constantFrom(0x22, 0x61, 0x7b), { maxLength: 400 }).map((all) => Uint8Array.from(all)),
  );
  fc.assert(fc.property(bytes, bytes, comesBack), { numRuns: 2_000 });
});

test("what was told by differences is what comes back, of objects alike", () => {
  const object = fc.json({ maxDepth: 4 }).map((text) => JSON.parse(text) as unknown);
  const changed = fc.record({
    name: fc.string(),
    count: fc.nat(),
    labels: fc.dictionary(fc.string(), fc.string()),
  });
  fc.assert(
    fc.property(object, changed, changed, (rest, one, other) => {
      comesBack(textOf({ ...one, rest }), textOf({ ...other, rest }));
    }),
    { numRuns: 2_000 },
  );
});

test("of a value among its like little is told", () => {
  const differences = differencesOf(textOf(pod("web-1", "10.0.0.1")), textOf(pod("web-172", "10.0.13.1")));
  assert.ok(differences !== undefined && differences.length < 40);
});

test("what only one of two has does not make the rest differ", () => {
  const { labels: _, ...without } = pod("web-1", "10.0.0.1");
  for (const [bytes, template] of [
    [pod("web-2", "10.0.0.2"), without],
    [without, pod("web-2", "10.0.0.2")],
  ]) {
    const differences = differencesOf(textOf(bytes), textOf(template));
    assert.ok(differences !== undefined && differences.length < 110);
  }
});

test("values that have little in common are not told by one another", () => {
  const noise = Buffer.from(Array.from({ length: 2_000 }, (_, at) => (at * 7919) % 251));
  assert.equal(differencesOf(noise, textOf(pod("web-1", "10.0.0.1"))), undefined);
});

test("the largest values that are packed can be told", () => {
  const value = Buffer.alloc(limits.packedBytes, '{"a":"b"},');
  comesBack(value, value.subarray(0, limits.packedBytes * 0.7));
});

function comesBack(bytes: Uint8Array, template: Uint8Array): void {
  const differences = differencesOf(bytes, Buffer.from(template));
  if (differences === undefined) return;
  assert.ok(differences.length <= bytes.length / limits.packedShare);
  assert.deepEqual(bytesOf(differences, template, Buffer.alloc(bytes.length)), Buffer.from(bytes));
}

function textOf(object: unknown): Buffer {
  return Buffer.from(JSON.stringify(object));
}

function pod(name: string, address: string) {
  const containers = Array.from({ length: 4 }, (_, index) => ({
    name: `c${index}`,
    image: "registry/shop:1.4.2",
  }));
  return {
    kind: "Pod",
    name,
    labels: { app: "shop", tier: "web" },
    spec: { containers },
    status: { address },
  };
}
