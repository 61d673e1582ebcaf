import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { plan } from "./assignment.ts";

const copies = ["a", "b", "c", "d"];
const owner = fc.option(fc.constantFrom(...copies, "dead"), { nil: undefined });

test("copies that do as planned, in any order, share the partitions evenly and leave none", () => {
  fc.assert(
    fc.property(
      fc.array(owner, { minLength: 16, maxLength: 16 }),
      fc.subarray(copies, { minLength: 1 }),
      (first, alive) => {
        const owners: (string | undefined)[] = first.map((one) =>
          one && alive.includes(one) ? one : "dead",
        );
        for (let turn = 0; turn < 2; turn += 1)
          for (const me of alive) {
            const { take, release } = plan({ me, copies: alive, owners });
            for (const partition of release) owners[partition] = undefined;
            for (const partition of take) owners[partition] = me;
          }
        const shares = alive.map((me) => owners.filter((one) => one === me).length);
        assert.equal(
          shares.reduce((sum, share) => sum + share),
          16,
        );
        assert.ok(Math.max(...shares) - Math.min(...shares) <= 1);
      },
    ),
  );
});

test("what a living copy reads nobody takes from it", () => {
  fc.assert(
    fc.property(fc.array(owner, { minLength: 16, maxLength: 16 }), (owners) => {
      const { take } = plan({ me: "a", copies, owners });
      assert.ok(take.every((partition) => !copies.includes(owners[partition] as string)));
    }),
  );
});
