import assert from "node:assert/strict";
import { test } from "node:test";
import { CallerRates } from "./caller-rates.ts";
import { limits } from "./limits.ts";

test("each caller has a rate of their own, and is told when to come again", () => {
  const rates = new CallerRates({ count: 2, perMs: 10_000 });
  for (const caller of ["ann", "ann", "bob"]) rates.take(caller, 0);
  assert.throws(() => rates.take("ann", 1_000), {
    status: 429,
    message: "this may be asked for 2 times in 10 s",
    headers: { "retry-after": "4" },
  });
  rates.take("bob", 1_000);
  rates.take("ann", 5_000);
});

test("however many there are, memory is bounded, and who asks most is not who is forgotten", () => {
  const rates = new CallerRates({ count: 1, perMs: 1e9 });
  const ann = () => rates.take("ann", 0);
  ann();
  for (let other = 0; other < 2 * limits.ratedCallers; other += 1) {
    rates.take(`other ${other}`, 0);
    if (other % 1_000 === 0) assert.throws(ann, { status: 429 });
  }
  rates.take("other 0", 0);
});
