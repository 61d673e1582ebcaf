import assert from "node:assert/strict";
import { test } from "node:test";
import { current, runAs } from "../telemetry/mod.ts";
import { Flights } from "./flights.ts";
import { outcomeOf } from "./testing/world.ts";

const nobody = new AbortController().signal;

/** Work whose end a test decides, counted. */
function held() {
  const works: (PromiseWithResolvers<string> & { signal: AbortSignal })[] = [];
  const work = (signal: AbortSignal) => {
    const one = { ...Promise.withResolvers<string>(), signal };
    works.push(one);
    return one.promise;
  };
  return { works, work };
}

test("of those who come with one key at the same time one has it done, and all get the result, or the failure", async () => {
  const flights = new Flights<string>();
  const { works, work } = held();
  const joined = [1, 2, 3].map(() => flights.join("a", nobody, work));
  const other = flights.join("b", nobody, work);
  assert.equal(works.length, 2);
  works[0]?.resolve("a's");
  works[1]?.reject(new Error("b's"));
  assert.deepEqual(await Promise.all(joined), ["a's", "a's", "a's"]);
  await assert.rejects(other, /b's/);

  const later = flights.join("a", nobody, work);
  works[2]?.resolve("anew");
  assert.equal(await later, "anew");
});

test("who goes does not end it for the others; when all have gone it is told to stop, and who comes then has it begun anew", async () => {
  const flights = new Flights<string>();
  const { works, work } = held();
  const callers = [new AbortController(), new AbortController()];
  const outcomes = callers.map(({ signal }) => outcomeOf(flights.join("a", signal, work)));
  callers[0]?.abort(new Error("gone"));
  await null;
  assert.equal(works[0]?.signal.aborted, false);
  callers[1]?.abort(new Error("gone too"));
  await new Promise(setImmediate);
  assert.deepEqual(
    outcomes.map(({ now }) => now),
    [{ failed: "gone" }, { failed: "gone too" }],
  );
  assert.equal(works[0]?.signal.aborted, true);
  const anew = flights.join("a", nobody, work);
  works[0]?.resolve("too late");
  works[1]?.resolve("anew");
  assert.equal(await anew, "anew");
});

test("it is done in the trace of who began it, but not by their deadline, nor until they leave", async () => {
  const span = { context: { traceId: "1", spanId: "2", sampled: true }, set() {}, end() {} };
  const first = new AbortController();
  const seen = await runAs({ span, deadlineMs: 5, signal: first.signal }, () =>
    new Flights<unknown>().join("a", nobody, async (signal) => {
      const { deadlineMs, signal: around, span: within } = current() ?? {};
      return [deadlineMs, around === signal, within === span];
    }),
  );
  assert.deepEqual(seen, [undefined, true, true]);
});
