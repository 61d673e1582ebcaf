import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Choreography, checkChoreography, drawChoreography } from "#chassis/data";
import { fulfilment } from "../../examples/shop/fulfilment.ts";
import { root } from "../source-files.ts";

/** What follows on an order in examples/shop. That a part has a deed for each of its reactions is seen by the compiler. */

test("the README shows what follows on an order as it is declared", () => {
  const readme = readFileSync(join(root, "examples/shop/README.md"), "utf8");
  const drawing = /^```mermaid\n(.*?)\n```$/ms.exec(readme)?.[1];
  assert.equal(drawing, drawChoreography(fulfilment));
});

test("an order that is placed comes to an end, whatever is said of it", () => {
  checkChoreography(fulfilment);
});

test("a reaction that is left out is missed", () => {
  const without = (name: keyof typeof fulfilment.participants): Choreography => ({
    ...fulfilment,
    participants: { ...fulfilment.participants, [name]: {} },
  });
  assert.throws(() => checkChoreography(without("shipping")), /nobody says shipment\.sent/);
  assert.throws(() => checkChoreography(without("orders")), /nobody says order\.completed/);
});
