import assert from "node:assert/strict";
import { test } from "node:test";
import { problem } from "../http/problem.ts";
import { breaker } from "./breaker.ts";
import { coalesce } from "./coalesce.ts";
import { type OutgoingCall, policies } from "./policy.ts";
import { reroute } from "./reroute.ts";
import { aCall, trouble, world } from "./testing/world.ts";

/** Places that answer with their name, but for those that are down. */
function twoPlaces(down: readonly string[], error: unknown = trouble) {
  const asked: string[] = [];
  const next = async ({ place = "nobody" }: OutgoingCall) => {
    asked.push(place);
    if (down.includes(place)) throw error;
    return place;
  };
  return { asked, next };
}

test("the first place is asked, and the next when it is in trouble; the last one's failure is told", async () => {
  const { observe, events } = world();
  const policy = reroute({ places: ["a", "b"], observe });
  assert.equal(await policy(aCall(), twoPlaces([]).next), "a");
  const asked = new Set<string>();
  assert.equal(await policy(aCall({ asked }), twoPlaces(["a"]).next), "b");
  assert.deepEqual([[...asked], events], [["a", "b"], ["rerouted"]]);
  await assert.rejects(policy(aCall(), twoPlaces(["a", "b"]).next), trouble);
});

test("an answer that is no is an answer, and what must not be done twice goes nowhere else once it may have begun", async () => {
  const policy = reroute({ places: ["a", "b"] });
  const no = twoPlaces(["a"], problem(404, "there is none"));
  await assert.rejects(policy(aCall(), no.next), { status: 404 });
  const begun = twoPlaces(["a"]);
  await assert.rejects(policy(aCall({ idempotent: false }), begun.next), trouble);
  assert.deepEqual([no.asked, begun.asked], [["a"], ["a"]]);
});

test("with a breaker within, a place that is down is not asked until it may be back", async () => {
  const { clock, random } = world();
  const policy = policies(
    reroute({ places: ["a", "b"] }),
    breaker({ leastCalls: 2, openMs: 100, clock, random }),
  );
  const { asked, next } = twoPlaces(["a"]);
  for (let call = 0; call < 4; call += 1) assert.equal(await policy(aCall(), next), "b");
  assert.deepEqual(asked, ["a", "b", "a", "b", "b", "b"]);
  await clock.advance(100);
  assert.equal(await policy(aCall(), twoPlaces([]).next), "a");
});

test("equal calls at the same time are one, those without a key are not, and the one has nobody's deadline", async () => {
  const { observe, events } = world();
  const policy = coalesce({ observe });
  const begun: OutgoingCall[] = [];
  const next = async (call: OutgoingCall) => {
    begun.push(call);
    await new Promise(setImmediate);
    return begun.length;
  };
  const key = (text: string) => aCall({ key: () => text, deadlineMs: 5 });
  await Promise.all([policy(key("x"), next), policy(key("x"), next), policy(key("y"), next)]);
  assert.deepEqual([begun.length, events, begun[0]?.deadlineMs], [2, ["shared"], Number.POSITIVE_INFINITY]);
  await Promise.all([policy(aCall(), next), policy(aCall(), next)]);
  assert.equal(begun.length, 4);
});
