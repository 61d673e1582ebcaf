import assert from "node:assert/strict";
import { test } from "node:test";
import { nameSuffix, seededRandom, systemRandom } from "./random.ts";

test("the same seed gives the same numbers, another seed others", () => {
  const draw = (seed: number) => Array.from({ length: 20 }, seededRandom(seed).uint32);
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
});

test("uuids are version 4 and suffixes of generated names are fit for a name", () => {
  for (const random of [systemRandom, seededRandom(1)]) {
    assert.match(random.uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.match(nameSuffix(random), /^[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    assert.ok(random.float() < 1);
  }
});
