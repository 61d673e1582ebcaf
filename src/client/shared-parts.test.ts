import assert from "node:assert/strict";
import { test } from "node:test";
import { SharedParts } from "./shared-parts.ts";

test("equal parts are kept once, others as they are", () => {
  const parts = new SharedParts();
  const first = parts.of({ containers: [{ name: "web" }] });
  assert.equal(parts.of({ containers: [{ name: "web" }] }), first);
  assert.notEqual(parts.of({ containers: [{ name: "db" }] }), first);
});

test("what is remembered is bounded: older parts are only shared less", () => {
  const parts = new SharedParts();
  const first = parts.of({ number: 0 });
  for (let number = 1; number <= 10_000; number += 1) parts.of({ number });
  assert.notEqual(parts.of({ number: 0 }), first);
  assert.deepEqual(parts.of({ number: 0 }), first);
});
