import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "#testing";
import { limits } from "../../limits.ts";
import { messageFromDevice } from "./device-event.ts";

const route = { filter: "sensors/+", topic: "readings", type: "reading.taken" };
const read = (payload: string | Uint8Array) =>
  messageFromDevice(
    route,
    { mqttTopic: "sensors/7", payload: Buffer.from(payload), id: "mqtt-1-2" },
    new VirtualClock(0),
  ).event;

test("what is no event is wrapped into one: JSON as it is, text as text, bytes in base64", () => {
  assert.deepEqual(read('{"celsius":21.5}'), {
    specversion: "1.0",
    id: "mqtt-1-2",
    source: "/mqtt",
    type: "reading.taken",
    time: "1970-01-01T00:00:00.000Z",
    subject: "sensors/7",
    partitionkey: "sensors/7",
    datacontenttype: "application/json",
    data: { celsius: 21.5 },
  });
  assert.equal(read("21.5 °C").data, "21.5 °C");
  const { data, datacontenttype, data_base64 } = read(Uint8Array.of(0xff, 0x00));
  assert.deepEqual([data, datacontenttype, data_base64], [undefined, undefined, "/wA="]);
});

test("an event in the payload stays what it is, with a key", () => {
  const own = { specversion: "1.0", id: "a", source: "/sensors/7", type: "reading.taken", data: 1 };
  const filled = { ...own, partitionkey: "sensors/7", time: "1970-01-01T00:00:00.000Z" };
  assert.deepEqual(read(JSON.stringify(own)), filled);
  const whole = { ...filled, partitionkey: "k", time: "2026-01-01T00:00:00Z", tenant: "blue" };
  assert.deepEqual(read(JSON.stringify(whole)), whole);
  for (const broken of [
    { ...own, id: 7 },
    { ...own, partitionkey: 7 },
    { ...own, notbefore: "2099-01-01T00:00:00Z" },
  ])
    assert.deepEqual(read(JSON.stringify(broken)).data, broken);
});

test("what no broker could carry is refused", () => {
  assert.throws(
    () => read(new Uint8Array(limits.eventBytes).fill(0xff)),
    /cannot carry what was published to sensors\/7/,
  );
});
