import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Marks } from "./marks.ts";

test("names that are there together have different numbers, all within bounds", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string(), { maxLength: 50 }), fc.nat(5000), (names, first) => {
      const marks = new Marks({ first, end: first + 60 });
      const numbers = names.map((name) => marks.take(name));
      assert.equal(new Set(numbers).size, names.length);
      assert.ok(numbers.every((number) => number >= first && number < first + 60));
    }),
  );
});

test("a name that comes back, also in another run, gets the number that it had", () => {
  const marks = new Marks({ first: 1, end: 1000 });
  const first = marks.take("default/web:http:tcp");
  assert.notEqual(marks.take("default/web:http:tcp"), first);
  marks.release(first);
  assert.equal(marks.take("default/web:http:tcp"), first);
  assert.equal(new Marks({ first: 1, end: 1000 }).take("default/web:http:tcp"), first);
});
