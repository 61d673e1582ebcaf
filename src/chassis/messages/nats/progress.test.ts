import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Progress } from "./progress.ts";

test("whenever a reader is replaced, its successor handles exactly what was not handled", () => {
  const arrivals = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 });
  const turns = fc.array(fc.oneof(fc.constant("taken over" as const), fc.nat({ max: 19 })), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(arrivals, turns, (sequences, happening) => {
      const all = sequences.sort((a, b) => a - b);
      let progress = new Progress({ position: 0, handled: [] });
      let inHand = all.filter((sequence) => progress.take(sequence));
      const handled = new Set<number>();
      for (const turn of happening) {
        if (turn === "taken over") {
          progress = new Progress(progress.record());
          inHand = all.filter((sequence) => progress.take(sequence));
          assert.deepEqual(
            inHand,
            all.filter((sequence) => !handled.has(sequence)),
          );
        } else {
          const sequence = inHand[turn];
          if (sequence === undefined || handled.has(sequence)) continue;
          progress.handle(sequence);
          handled.add(sequence);
        }
      }
    }),
    { seed: 5 },
  );
});
