import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, silentLogger } from "#base";
import { VirtualClock } from "#testing";
import { type Current, current, runAs } from "../telemetry/mod.ts";
import { Tracer } from "../telemetry/tracer.ts";
import { askedRegistry } from "./asked-registry.ts";

test("a watch that a request has begun goes on when that is over: its deadline and its caller are none of its", async () => {
  const clock = new VirtualClock();
  const tracer = new Tracer({
    clock,
    random: seededRandom(7),
    sampling: { ratio: 1, ofOthers: "beginner" },
    recording: false,
  });
  const request: Current = { span: tracer.start("GET"), deadlineMs: 0, signal: AbortSignal.abort() };
  const asked: unknown[] = [];
  const registry = askedRegistry({
    clock,
    logger: silentLogger,
    refreshMs: 1_000,
    asker: () => async () => {
      asked.push(current());
      return [];
    },
  });
  const watching = runAs(request, () => registry.watch("orders", () => {}));
  await clock.advance(1_000);
  assert.deepEqual(asked, [undefined, undefined]);
  watching.stop();
});
