import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Priority } from "../telemetry/mod.ts";
import { breaker } from "./breaker.ts";
import { bulkhead } from "./bulkhead.ts";
import { policies } from "./policy.ts";
import { aCall, outcomeOf, world } from "./testing/world.ts";

const full = { failed: "GET http://orders/orders is not asked now: too many calls are under way" };

/** Calls through a bulkhead whose ends a test decides, in the order in which they began. */
function calls(policy: ReturnType<typeof bulkhead>) {
  const underWay: { name: string; end: () => void }[] = [];
  const begun: string[] = [];
  return {
    underWay,
    begun,
    ask: (name: string, priority: Priority = "normal", signal: AbortSignal = new AbortController().signal) =>
      outcomeOf(
        policy(aCall({ priority, signal }), () => {
          begun.push(name);
          return new Promise<string>((resolve) => underWay.push({ name, end: () => resolve(name) }));
        }),
      ),
    endFirst: async () => {
      underWay.shift()?.end();
      await new Promise(setImmediate);
    },
  };
}

test("so many calls are under way at once, so many wait in their order, and more are refused", async () => {
  const { observe, events } = world();
  const { ask, endFirst, begun, underWay } = calls(bulkhead({ concurrent: 2, waiting: 2, observe }));
  const outcomes = ["a", "b", "c", "d", "e"].map((name) => ask(name));
  await new Promise(setImmediate);
  assert.deepEqual(begun, ["a", "b"]);
  assert.deepEqual(outcomes[4]?.now, full);
  for (let end = 0; end < 4; end += 1) await endFirst();
  assert.deepEqual(
    outcomes.slice(0, 4).map(({ now }) => now),
    ["a", "b", "c", "d"],
  );
  assert.deepEqual([underWay.length, events], [0, ["refused by bulkhead"]]);
});

test("what matters more goes first, and takes the place of the last of those that matter least", async () => {
  const { ask, endFirst, begun } = calls(bulkhead({ concurrent: 1, waiting: 3 }));
  const [, ...outcomes] = [
    ask("under way"),
    ask("background 1", "background"),
    ask("background 2", "background"),
    ask("normal"),
    ask("critical", "critical"),
    ask("background 3", "background"),
  ];
  for (let end = 0; end < 5; end += 1) await endFirst();
  assert.deepEqual(begun, ["under way", "critical", "normal", "background 1"]);
  assert.deepEqual([outcomes[1]?.now, outcomes[4]?.now], [full, full]);
});

test("a caller who goes while waiting leaves the room to the next, even when it is handed on in the same moment", async () => {
  const { ask, endFirst, begun, underWay } = calls(bulkhead({ concurrent: 1, waiting: 2 }));
  const caller = new AbortController();
  ask("a");
  const left = ask("b", "normal", caller.signal);
  const next = ask("c");
  await new Promise(setImmediate);
  underWay.shift()?.end();
  caller.abort(new Error("gone"));
  await new Promise(setImmediate);
  assert.deepEqual([begun, left.now], [["a", "c"], { failed: "gone" }]);
  await endFirst();
  assert.equal(next.now, "c");
});

test("refusals of ours are not held against the place that was not asked", async () => {
  const policy = policies(breaker({ leastCalls: 1 }), bulkhead({ concurrent: 1, waiting: 0 }));
  const { ask } = calls(policy);
  ask("under way");
  for (let call = 0; call < 3; call += 1) {
    const refused = ask("refused");
    await new Promise(setImmediate);
    assert.deepEqual(refused.now, full);
  }
});

test("whatever comes and goes, no more than allowed are under way, and in the end nobody is", async () => {
  const step = fc.oneof(
    fc.record({
      does: fc.constant("ask" as const),
      priority: fc.constantFrom<Priority>("critical", "normal", "background"),
    }),
    fc.record({ does: fc.constantFrom("end" as const, "go" as const), at: fc.nat(5) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { ask, underWay, begun } = calls(bulkhead({ concurrent: 2, waiting: 3 }));
      const callers: AbortController[] = [];
      for (const each of steps) {
        if (each.does === "ask") {
          const caller = new AbortController();
          callers.push(caller);
          ask("x", each.priority, caller.signal);
        } else if (each.does === "go") callers[each.at]?.abort(new Error("gone"));
        else underWay.splice(each.at, 1)[0]?.end();
        if (each.does !== "go") await new Promise(setImmediate);
        assert.ok(underWay.length <= 2);
      }
      while (underWay.length > 0) {
        underWay.shift()?.end();
        await new Promise(setImmediate);
      }
      const before = begun.length;
      ask("y");
      ask("z");
      await new Promise(setImmediate);
      assert.equal(begun.length, before + 2);
    }),
    { numRuns: 50 },
  );
});
