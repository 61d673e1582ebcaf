import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Progress } from "./progress.ts";

test("whatever is handled in which order, who goes on from the position handles the rest, and nothing else", () => {
  const sequences = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 30 });
  const fates = fc.array(fc.constantFrom("handled", "failed", "in hand"), { minLength: 30, maxLength: 30 });
  fc.assert(
    fc.property(sequences, fates, fates, (read, fatesNow, fatesThen) => {
      const stored = read.toSorted((a, b) => a - b);
      const handled = new Set<number>();
      const live = (progress: Progress, chosen: readonly string[]) => {
        const begun = stored
          .filter((sequence) => sequence >= progress.from)
          .map((sequence) => ({ sequence, attempt: progress.read(sequence) }))
          .filter(({ attempt }) => attempt > 0);
        for (const [at, { sequence, attempt }] of begun.entries()) {
          assert.ok(!handled.has(sequence), "it was handled");
          if (chosen[at] === "handled") {
            handled.add(sequence);
            progress.handled(sequence);
          } else if (chosen[at] === "failed") progress.failed(sequence, attempt + 1);
        }
        return new Progress(JSON.parse(JSON.stringify(progress.position())));
      };
      const second = live(new Progress({ upTo: 0, open: [] }), fatesNow);
      const third = live(second, fatesThen);
      live(third, Array(30).fill("handled"));
      assert.deepEqual([...handled].sort(), stored.sort());
    }),
  );
});

test("attempts that failed are counted by whoever goes on", () => {
  const progress = new Progress({ upTo: 0, open: [] });
  assert.equal(progress.read(7), 1);
  progress.failed(7, 2);
  assert.equal(new Progress(progress.position()).read(7), 2);
});
