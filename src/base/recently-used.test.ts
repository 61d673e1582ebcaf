import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RecentlyUsed } from "./recently-used.ts";

test("what is used again and again is kept, what is not is forgotten", () => {
  const kept = new RecentlyUsed<string, number>({ weight: 10, weightOf: () => 1 });
  kept.set("used", 1);
  kept.set("unused", 2);
  for (let at = 0; at < 20; at += 1) {
    kept.set(`other ${at}`, at);
    assert.equal(kept.get("used"), 1);
  }
  assert.equal(kept.get("unused"), undefined);
});

test("a look alone keeps nothing", () => {
  const kept = new RecentlyUsed<string, number>({ weight: 10, weightOf: () => 1 });
  kept.set("looked at", 1);
  for (let at = 0; at < 20; at += 1) {
    kept.set(`other ${at}`, at);
    kept.peek("looked at");
  }
  assert.equal(kept.peek("looked at"), undefined);
});

test("what is found is what was set last, and never weighs more than it may, but for the last of each generation", () => {
  const step = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.boolean());
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const kept = new RecentlyUsed<number, string>({ weight: 20, weightOf: (key) => key });
      const last = new Map<number, string>();
      for (const [index, [key, sets]] of steps.entries()) {
        if (sets) {
          kept.set(key, `${index}`);
          last.set(key, `${index}`);
        } else assert.ok([undefined, last.get(key)].includes(kept.get(key)));
        const found = [...last.keys()].filter((one) => kept.peek(one) !== undefined);
        assert.ok(found.reduce((sum, one) => sum + one, 0) <= 20 + 9);
      }
    }),
  );
});
