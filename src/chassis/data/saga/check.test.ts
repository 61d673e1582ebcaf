import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { checkSaga } from "./check.ts";
import { begin, hear, timeOut } from "./decide.ts";
import type { Cell } from "./definition.ts";
import { drawSaga } from "./draw.ts";
import { type OrderEvents, type OrderState, orderSaga } from "./testing/order-saga.ts";

type Definition = Parameters<typeof checkSaga>[0];

const check = (definition: unknown) => () => checkSaga(definition as Definition);

test("a definition whose parts do not hold together is refused, and says where", () => {
  const on = (cell: Cell<string, unknown, unknown>) => ({ answer: cell });
  checkSaga(orderSaga as unknown as Definition);
  assert.throws(
    check({
      name: "lost",
      initial: "asking",
      states: {
        asking: { on: on({ to: "done" }), timeout: "never" },
        elsewhere: { on: on({ to: "done" }), timeout: "never" },
        done: { final: "completed" },
      },
    }),
    /cannot run the saga lost: nothing leads from asking to elsewhere/,
  );
  assert.throws(
    check({
      name: "endless",
      initial: "asking",
      states: {
        asking: { on: on({ to: "done" }), timeout: { afterMs: 1, to: "again" } },
        again: { on: on({ to: "again" }), timeout: "never" },
        done: { final: "completed" },
      },
    }),
    /cannot run the saga endless: from again it never ends/,
  );
  const { paying } = orderSaga.states;
  assert.ok("on" in paying);
  assert.throws(
    check({
      ...orderSaga,
      states: {
        ...orderSaga.states,
        paying: { ...paying, on: { ...paying.on, "payment.refused": { to: "refused" } } },
      },
    }),
    /what stock.reserved says in reserving must be undone by releasing, but from paying it can end in refused without/,
  );
});

test("whatever an order hears, in whatever order and however often: what was done is undone, or the order is completed", () => {
  const types = [
    "stock.reserved",
    "stock.refused",
    "stock.released",
    "payment.made",
    "payment.refused",
    "payment.cancelled",
  ] as const satisfies readonly (keyof OrderEvents)[];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...types, "timeout" as const), { maxLength: 40 }), (heard) => {
      const passed: OrderState[] = ["reserving"];
      let reserved = false;
      let { instance } = begin(orderSaga, "1", { customer: "rich", cents: 1 });
      for (const type of heard) {
        let step: ReturnType<typeof timeOut<OrderState, OrderEvents, { customer: string; cents: number }>>;
        try {
          step = type === "timeout" ? timeOut(orderSaga, instance) : hear(orderSaga, instance, type, {});
        } catch {
          // A mistaken sender: the message is put aside, the saga stays.
          continue;
        }
        if (!step) continue;
        if (type === "stock.reserved") reserved = true;
        assert.equal(step.instance.entered, instance.entered + 1);
        instance = step.instance;
        passed.push(instance.state);
      }
      if (reserved && instance.state === "refused")
        assert.ok(passed.includes("releasing"), passed.join(" → "));
    }),
  );
});

test("a saga is drawn from its definition", () => {
  const drawing = drawSaga(orderSaga);
  assert.match(drawing, /^stateDiagram-v2\n {2}\[\*\] --> reserving\n/);
  assert.match(drawing, /\n {2}paying --> cancelling: timeout\n/);
  assert.match(drawing, /\n {2}refused --> \[\*\]$/);
});
