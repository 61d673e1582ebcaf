import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryBroker } from "../../memory-broker.ts";
import { mqttBridge } from "./mqtt-bridge.ts";

const bridge = { name: "floor", servers: "nats://127.0.0.1:1", broker: memoryBroker() };
const readings = { filter: "sensors/+", topic: "readings", type: "reading.taken" };

test("a filter or a topic that is named twice is refused, for each would carry a part", async () => {
  await assert.rejects(
    mqttBridge({ ...bridge, fromDevices: [readings, { ...readings, topic: "audit" }] }),
    /the filter "sensors\/\+" is named twice/,
  );
  // What is below a level and the level itself.
  await assert.rejects(
    mqttBridge({
      ...bridge,
      fromDevices: [
        { ...readings, filter: "sensors/#" },
        { ...readings, filter: "sensors" },
      ],
    }),
    /the filter "sensors" is named twice/,
  );
  const commands = { topic: "commands", publish: () => undefined };
  const toDevices = { client: { publishAsync: async () => {} }, topics: [commands, commands] };
  await assert.rejects(
    mqttBridge({ ...bridge, fromDevices: [], toDevices }),
    /the topic "commands" is named twice/,
  );
});
