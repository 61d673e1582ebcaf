import assert from "node:assert/strict";
import { test } from "node:test";
import { composer } from "../message.ts";
import { Carried } from "./carried.ts";

const { event } = composer({ source: "/a" })({ topic: "orders", type: "placed", data: {} });

test("what is on its way is waited for, and is not carried again", async () => {
  const carried = new Carried();
  const arrival = Promise.withResolvers<void>();
  const order: string[] = [];
  const carry = () => arrival.promise.then(() => void order.push("carried"));
  const first = carried.once("orders", event, carry);
  const second = carried.once("orders", event, carry).then(() => order.push("second"));
  arrival.resolve();
  await Promise.all([first, second]);
  await carried.once("orders", event, carry);
  assert.deepEqual(order, ["carried", "second"]);
});

test("what could not be carried fails for all who wait for it, and may be carried again", async () => {
  const carried = new Carried();
  const refuse = () => Promise.reject(new Error("refused"));
  const both = await Promise.allSettled([1, 2].map(() => carried.once("orders", event, refuse)));
  assert.deepEqual(
    both.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  let count = 0;
  await carried.once("orders", event, async () => {
    count += 1;
  });
  await carried.once("returns", event, async () => {
    count += 1;
  });
  assert.equal(count, 2);
});
