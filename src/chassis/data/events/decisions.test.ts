import assert from "node:assert/strict";
import { test } from "node:test";
import { given } from "../../testing/mod.ts";
import type { AggregateDefinition } from "./definition.ts";
import { shapeOf, upcast } from "./evolve.ts";
import { account, takeOut } from "./testing/account.ts";

test("an aggregate decides by what has happened", () => {
  const paidIn = { type: "money.paid-in", data: { cents: 5 } } as const;
  given(account, paidIn)
    .when(takeOut(5))
    .thenHappens({ type: "money.taken-out", data: { cents: 5 } });
  given(account)
    .when(takeOut(1))
    .thenRefuses(/cannot take out 1: there is 0/);
  given(account, paidIn)
    .when(() => [])
    .thenHappens();
  assert.throws(() => given(account, paidIn).when(takeOut(4)).thenHappens(paidIn));
});

test("events of older shapes become what is now, step by step; those of the future are refused", () => {
  const definition: Pick<
    AggregateDefinition<never, { priced: { cents: number; currency: string } }>,
    "name" | "upcast"
  > = {
    name: "offer",
    upcast: {
      priced: [
        ({ euros }: { euros: number }) => ({ cents: euros * 100 }),
        ({ cents }: { cents: number }) => ({ cents, currency: "EUR" }),
      ],
    },
  };
  const now = { type: "priced", data: { cents: 700, currency: "EUR" } };
  assert.equal(shapeOf(definition, "priced"), 3);
  assert.deepEqual(upcast(definition, { type: "priced", shape: 1, data: { euros: 7 } }), now);
  assert.deepEqual(upcast(definition, { type: "priced", shape: 2, data: { cents: 700 } }), now);
  assert.deepEqual(upcast(definition, { shape: 3, ...now }), now);
  assert.throws(
    () => upcast(definition, { shape: 4, ...now }),
    /written by a newer program; this one knows 3/,
  );
});
