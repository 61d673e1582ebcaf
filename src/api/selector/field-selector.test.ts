import assert from "node:assert/strict";
import { test } from "node:test";
import { events, pods } from "../generated/resources.ts";
import type { Pod } from "../generated/types.ts";
import { kindDefinitionOf } from "../kinds/registry.ts";
import { compileFieldSelector, exactFieldValue, parseFieldSelector } from "./field-selector.ts";

const podKind = kindDefinitionOf(pods);
const pod: Pod = {
  metadata: { name: "web", namespace: "shop" },
  spec: { nodeName: "n1", containers: [] },
  status: { phase: "Running" },
};

function matches(text: string): boolean {
  if (podKind === undefined) throw new Error("pods have a definition");
  return compileFieldSelector(parseFieldSelector(text), podKind)(pod);
}

test("pods are selected by name, namespace, node and phase", () => {
  assert.ok(matches(""));
  assert.ok(matches("metadata.name=web,metadata.namespace==shop"));
  assert.ok(matches("spec.nodeName=n1,status.phase!=Failed"));
  assert.ok(!matches("spec.nodeName!=n1"));
  assert.ok(matches("spec.hostNetwork=false"));
});

test("a field that the kind does not offer is refused by name", () => {
  assert.throws(() => matches("spec.foo=x"), /field label not supported: spec.foo/);
  assert.throws(() => matches("constructor=x"), /field label not supported/);
});

test("malformed text is refused, escapes are understood", () => {
  assert.throws(() => parseFieldSelector("a"), { reason: "BadRequest" });
  assert.throws(() => parseFieldSelector("a=\\x"), { reason: "BadRequest" });
  assert.deepEqual(parseFieldSelector("a=x\\,y\\=z").requirements, [
    { field: "a", operator: "=", value: "x,y=z" },
  ]);
});

test("an exact value can be asked of an index", () => {
  assert.equal(exactFieldValue(parseFieldSelector("spec.nodeName=n1"), "spec.nodeName"), "n1");
  assert.equal(exactFieldValue(parseFieldSelector("spec.nodeName!=n1"), "spec.nodeName"), undefined);
});

test("events are selected by what they are about", () => {
  const kind = kindDefinitionOf(events);
  assert.ok(kind);
  const event = { metadata: {}, involvedObject: { kind: "Pod", name: "web" }, reason: "Killing" };
  assert.ok(compileFieldSelector(parseFieldSelector("involvedObject.name=web,reason=Killing"), kind)(event));
});
