import assert from "node:assert/strict";
import { test } from "node:test";
import { composer } from "../message.ts";
import { storedEvent } from "./stored-event.ts";

test("an event is read as it was written; anything else in a stream is none", () => {
  const { event } = composer({ source: "/orders" })({ topic: "orders", type: "placed", key: "7", data: 1 });
  assert.deepEqual(storedEvent(Buffer.from(JSON.stringify(event))), event);
  for (const text of ["", "not json", "null", "7", "[]", "{}", '{"partitionkey":7}'])
    assert.equal(storedEvent(Buffer.from(text)), undefined, text);
});
