import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "#base";
import { VirtualClock } from "#testing";
import { composer } from "../message.ts";
import { Lines } from "./lines.ts";

test("what has failed at a copy whose clock is an hour ahead waits for no longer than its delay", async () => {
  const clock = new VirtualClock();
  const attempts: number[] = [];
  const lines = new Lines({
    subscribe: {
      topic: "orders",
      subscriber: "shipping",
      retryDelayMs: () => 1_000,
      async handle({ attempt }) {
        attempts.push(attempt);
      },
    },
    clock,
    log: silentLogger,
    signal: new AbortController().signal,
    from: {
      owner: "",
      position: 0,
      handled: [],
      failed: [{ sequence: 1, attempts: 2, dueMs: clock.now() + 3_600_000 }],
    },
    putAside: async () => {},
    onChange() {},
  });
  const { event } = composer({ source: "/test", clock })({ topic: "orders", type: "counted", data: 1 });
  await lines.put({ sequence: 1, bytes: Buffer.from(JSON.stringify(event)) });
  await clock.advance(999);
  assert.deepEqual(attempts, []);
  await clock.advance(1);
  assert.deepEqual(attempts, [3]);
});
