import assert from "node:assert/strict";
import { test } from "node:test";
import { mistakesOfReference } from "./reference-check.ts";
import type { PlacedObject } from "./scenario.ts";

const place = { file: "s.yaml", line: 1, column: 1 };
const placed = (object: object): PlacedObject => ({
  object: { metadata: { name: "web", namespace: "shop" }, ...object },
  place,
  placeOf: () => place,
});
const pod = placed({ kind: "Pod", spec: { serviceAccountName: "web" } });
const account = placed({ kind: "ServiceAccount" });

test("what a live cluster has can be named, and what is not found of what it names is no mistake of the scenario", () => {
  const found = (objects: readonly PlacedObject[], there: readonly PlacedObject[]) =>
    mistakesOfReference(objects, { events: [], there }).length;
  assert.equal(found([pod], []), 1);
  assert.equal(found([pod], [account]), 0);
  assert.equal(found([], [pod]), 0);
});
