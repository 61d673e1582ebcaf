import assert from "node:assert/strict";
import { test } from "node:test";
import { mqttTopicOf, subjectsOf } from "./mqtt-topics.ts";

test("levels are tokens, and an empty level is a slash", () => {
  assert.deepEqual(subjectsOf("sensors/+/temperature"), ["sensors.*.temperature"]);
  assert.deepEqual(subjectsOf("alarms/#"), ["alarms.>", "alarms"]);
  assert.deepEqual(subjectsOf("#"), [">"]);
  assert.equal(mqttTopicOf("sensors.7.temperature"), "sensors/7/temperature");
  assert.equal(mqttTopicOf("sensors./.temperature"), "sensors//temperature");
});

test("a filter that the listener could not serve is refused", () => {
  for (const filter of ["", "a//b", "a.b", "a b", "a/#/b", "a+/b", "$SYS/#", "a/*", "a/>"])
    assert.throws(() => subjectsOf(filter), /cannot carry what devices publish/, filter);
});
