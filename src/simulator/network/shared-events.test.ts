import assert from "node:assert/strict";
import { test } from "node:test";
import { SharedEvents } from "./shared-events.ts";

test("parts that are told the same keep the same object, and others another", () => {
  const events = new SharedEvents();
  const line = (revision: number) =>
    `{"type":"ADDED","object":{"metadata":{"resourceVersion":"${revision}"}}}`;
  const event = events.parse(line(1));
  assert.deepEqual(event, { type: "ADDED", object: { metadata: { resourceVersion: "1" } } });
  assert.equal(events.parse(line(1)), event);
  assert.notDeepEqual(events.parse(line(2)), event);
});

test("what was long ago is forgotten, and read again", () => {
  const events = new SharedEvents();
  const event = events.parse("[0]");
  for (let other = 1; other < 1_000; other += 1) events.parse(`[${other}]`);
  assert.deepEqual(events.parse("[0]"), event);
  assert.notEqual(events.parse("[0]"), event);
});
