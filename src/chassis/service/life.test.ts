import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Event, next, type State } from "./life.ts";

test("a service is started, opened, stopped and drained, in this order", () => {
  const events: Event[] = ["start", "opened", "stop", "drained"];
  const states: State[] = ["idle"];
  for (const event of events) states.push(next(states.at(-1) as State, event));
  assert.deepEqual(states, ["idle", "starting", "ready", "draining", "ended"]);
});

test("it may be asked to stop at any time and as often as one likes, and is never ready again", () => {
  const event = fc.constantFrom<Event>("start", "opened", "failed", "stop", "drained");
  fc.assert(
    fc.property(fc.array(event), (events) => {
      let state: State = "idle";
      let stopped = false;
      for (const each of events) {
        try {
          state = next(state, each);
        } catch {
          assert.notEqual(each, "stop", `a service that is ${state} can be stopped`);
          continue;
        }
        stopped ||= each === "stop" || each === "failed";
        if (stopped) assert.ok(state === "draining" || state === "ended");
      }
    }),
  );
});

test("to start a service twice is a mistake in the program", () => {
  assert.throws(() => next("ready", "start"), /a service that is ready cannot be started/);
  assert.throws(() => next("ended", "start"), /a service that is ended cannot be started/);
});
