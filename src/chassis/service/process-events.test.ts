import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, systemClock } from "#base";
import { Telemetry } from "../telemetry/telemetry.ts";
import { ProcessEvents } from "./process-events.ts";

test("however many services begin and end in a process, it is listened to once", () => {
  const { logs } = new Telemetry({
    name: "shop",
    version: "1.0.0",
    environment: {},
    output: { write: () => {} },
    clock: systemClock,
    random: seededRandom(1),
  });
  const counts = Array.from({ length: 3 }, () => {
    const events = new ProcessEvents(logs);
    events.listen(async () => {});
    events.forget();
    return [process.listenerCount("SIGTERM"), process.stdout.listenerCount("error")];
  });
  assert.deepEqual(counts[2], counts[0]);
});
