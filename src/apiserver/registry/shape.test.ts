import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { JsonObject, KubernetesObject } from "#api";
import { schemaOf, trackUpdate } from "#api/behaviour";
import { must } from "#base";
import { hasSameShape } from "./shape.ts";

// A long run looks at many more.
const runs = (some: number) => (process.env.NACRE_LONG ? some * 20 : some);

const schema = must(schemaOf({ group: "", version: "v1", kind: "Pod" }), "pods have a schema");

const text = fc.constantFrom("a", "b", "c");
const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 3 });
const container = fc.record({
  name: text,
  image: some(text),
  args: some(fc.array(text, { maxLength: 2 })),
  env: some(fc.uniqueArray(fc.record({ name: text, value: text }), { selector: (each) => each.name })),
  resources: some(fc.record({ limits: some(fc.dictionary(text, text)) })),
});
const pod = fc.record({
  metadata: fc.record({
    labels: some(fc.dictionary(text, text)),
    finalizers: some(fc.uniqueArray(text, { maxLength: 2 })),
  }),
  spec: fc.record({
    nodeName: some(text),
    containers: fc.uniqueArray(container, { selector: (each) => each.name, minLength: 1, maxLength: 2 }),
  }),
});

test("objects of the same shape have the same fields to own", () => {
  let same = 0;
  fc.assert(
    fc.property(pod, container, fc.boolean(), (a, other, replaces) => {
      const left = clean(a);
      const right = clean(a) as typeof left & typeof a;
      const [first] = right.spec.containers;
      if (replaces) right.spec.containers[0] = { ...clean(other), name: first?.name } as typeof other;
      if (!hasSameShape(left, right, schema)) return;
      same += 1;
      assert.deepEqual(ownedFields(left), ownedFields(right));
    }),
    { numRuns: runs(150) },
  );
  assert.ok(same > 15, "the property was put to the test");
});

test("an object has its own shape, and values do not matter", () => {
  fc.assert(
    fc.property(pod, (a) => {
      const one = clean(a);
      const other = clean(a);
      (other.metadata as JsonObject).name = "x";
      (one.metadata as JsonObject).name = "y";
      assert.equal(hasSameShape(one, other, schema), true);
    }),
  );
});

function clean(object: object): JsonObject {
  return JSON.parse(JSON.stringify(object)) as JsonObject;
}

function ownedFields(object: JsonObject): unknown {
  const tracked = structuredClone(object) as KubernetesObject;
  trackUpdate(tracked, { old: undefined, schema, manager: "m", apiVersion: "v1", time: "" });
  return tracked.metadata?.managedFields?.[0]?.fieldsV1;
}
