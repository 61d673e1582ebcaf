import { test } from "node:test";
import fc from "fast-check";
import { Duel } from "./duel.ts";
import { randomSteps } from "./random-steps.ts";

const isLong = process.env.NACRE_LONG === "1";

test("whatever happens to a cluster, the fast scheduler judges, chooses and makes room as the slow one does", () => {
  fc.assert(
    fc.property(randomSteps, (steps) => {
      const duel = new Duel();
      for (const step of steps) duel.play(step);
    }),
    { numRuns: isLong ? 10_000 : 200 },
  );
});
