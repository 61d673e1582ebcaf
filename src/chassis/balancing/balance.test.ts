import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base";
import { VirtualClock } from "#testing";
import type { OutgoingCall } from "../calls/policy.ts";
import { aCall, trouble } from "../calls/testing/world.ts";
import { fixedRegistry, type Instance, type Registry } from "../discovery/mod.ts";
import { problem } from "../http/problem.ts";
import { balance } from "./balance.ts";
import { Balancer, type BalancerOptions } from "./balancer.ts";
import { latencyEwma, leastConnection } from "./by-load.ts";
import type { Candidate, Strategy } from "./strategy.ts";

const instance = (id: string): Instance => ({ id, url: `http://${id}` });
const both = [instance("a"), instance("b")];

function balancerOf(instances: readonly Instance[], more: Partial<BalancerOptions> = {}) {
  const registry = fixedRegistry({ orders: instances });
  return new Balancer({
    registry,
    service: "orders",
    clock: new VirtualClock(),
    random: seededRandom(7),
    ...more,
  });
}

/** A registry in a test's hands. */
function toldRegistry() {
  const told: { heard?: (instances: readonly Instance[]) => void; stopped: boolean } = { stopped: false };
  const registry: Registry = {
    watch(_, heard) {
      told.heard = heard;
      return {
        stop() {
          told.stopped = true;
        },
      };
    },
  };
  return { told, registry };
}

const placeOf = async ({ place }: OutgoingCall) => place;

test("calls go round, and one in trouble is answered by another instance", async () => {
  const route = balance(balancerOf(both));
  const places = [];
  for (let call = 0; call < 4; call += 1) places.push(await route(aCall(), placeOf));
  assert.deepEqual(places.toSorted(), ["http://a", "http://a", "http://b", "http://b"]);
  const answers = async ({ place }: OutgoingCall) => {
    if (place === "http://a") throw trouble;
    return place;
  };
  for (let call = 0; call < 4; call += 1) assert.equal(await route(aCall(), answers), "http://b");
});

test("an answer that is no is told at once, and so is trouble with what must not be done twice", async () => {
  const route = balance(balancerOf(both));
  let asked = 0;
  const failing = (error: unknown) => async () => {
    asked += 1;
    throw error;
  };
  await assert.rejects(route(aCall(), failing(problem(404, "none"))), { status: 404 });
  await assert.rejects(route(aCall({ idempotent: false }), failing(trouble)), trouble);
  assert.equal(asked, 2);
});

test("when everybody was asked the failure is told, and the next attempt may ask anybody again", async () => {
  const route = balance(balancerOf(both));
  const call = aCall();
  const asked: (string | undefined)[] = [];
  await assert.rejects(
    route(call, async ({ place }) => {
      asked.push(place);
      throw trouble;
    }),
    trouble,
  );
  assert.deepEqual(asked.toSorted(), ["http://a", "http://b"]);
  assert.ok(await route({ ...call, attempt: 2 }, placeOf));
});

test("what is not answered yet counts until it is, has failed, or is not waited for any more", async () => {
  const balancer = balancerOf(both, { strategy: leastConnection });
  const first = await balancer.pick();
  const second = await balancer.pick();
  assert.notEqual(first.instance.id, second.instance.id);
  first.ended("gone");
  assert.equal((await balancer.pick()).instance.id, first.instance.id);
});

test("who fails at once is not the quickest, and is tried again when that has faded", async () => {
  const clock = new VirtualClock();
  const balancer = balancerOf(both, { strategy: latencyEwma, clock });
  const failing = await balancer.pick();
  failing.ended("failed");
  const well = await balancer.pick();
  await clock.advance(20);
  well.ended("answered");
  const next = await balancer.pick();
  next.ended("gone");
  assert.equal(next.instance.id, well.instance.id);
  let waitedMs = 0;
  for (; waitedMs < 120_000; waitedMs += 1_000) {
    const again = await balancer.pick();
    if (again.instance.id === failing.instance.id) break;
    await clock.advance(20);
    again.ended("answered");
    await clock.advance(980);
  }
  assert.ok(waitedMs > 10_000 && waitedMs < 120_000, `asked again after ${waitedMs} ms`);
});

test("a deadline that passed says that an answer takes longer than that, and no more", async () => {
  const clock = new VirtualClock();
  const seen: (number | undefined)[] = [];
  const strategy: Strategy = () => (candidates) => {
    seen.push(candidates[0]?.latencyMs);
    return candidates[0] as Candidate;
  };
  const balancer = balancerOf([instance("a")], { strategy, clock });
  const route = balance(balancer);
  const late = problem(504, "not answered in time");
  for (const { tookMs, grantedMs } of [
    { tookMs: 20, grantedMs: 20 },
    { tookMs: 5, grantedMs: 5 },
    // A refusal at once: an answer would not have come in time.
    { tookMs: 0, grantedMs: 50 },
    { tookMs: 0, grantedMs: 30_000 },
    { tookMs: 4_000, grantedMs: 4_000 },
  ]) {
    const call = aCall({ deadlineMs: clock.monotonicMs() + grantedMs });
    const asked = route(call, () => clock.sleep(tookMs).then(() => Promise.reject(late)));
    const rejected = assert.rejects(asked, late);
    await clock.advance(tookMs);
    await rejected;
  }
  (await balancer.pick()).ended("gone");
  assert.deepEqual(
    seen.map((latencyMs) => latencyMs && Math.round(latencyMs)),
    [undefined, 20, 20, 50, 1_000, 4_000],
  );
});

test("a call waits for the registry's first word, and not for ever", async () => {
  const { told, registry } = toldRegistry();
  const clock = new VirtualClock();
  const balancer = balancerOf([], { registry, clock });
  const early = balancer.pick();
  told.heard?.([instance("a")]);
  assert.equal((await early).instance.id, "a");
  balancer.stop();
  assert.equal(told.stopped, true);
  const silent = assert.rejects(balancerOf([], { registry: toldRegistry().registry, clock }).pick(), {
    status: 503,
    message: "nobody serves orders now",
  });
  await clock.advance(10_000);
  await silent;
});

test("an instance that the registry names no more gets nothing, and its open call may end", async () => {
  const { told, registry } = toldRegistry();
  const balancer = balancerOf([], { registry });
  const picked = balancer.pick();
  told.heard?.([instance("a")]);
  told.heard?.([instance("b")]);
  const { instance: first, ended } = await picked;
  assert.equal(first.id, "b");
  told.heard?.([instance("c")]);
  ended("answered");
  assert.equal((await balancer.pick()).instance.id, "c");
});

test("weight 0 gets nothing while others are there", async () => {
  const drained = { ...instance("a"), weight: 0 };
  const balancer = balancerOf([drained, instance("b")]);
  for (let call = 0; call < 4; call += 1) assert.equal((await balancer.pick()).instance.id, "b");
  assert.equal((await balancerOf([drained]).pick()).instance.id, "a");
});
