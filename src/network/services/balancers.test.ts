import assert from "node:assert/strict";
import { test } from "node:test";
import { type Balancer, Balancers } from "./balancers.ts";

const counting = (endpoints: number) => ({ endpoints, affinitySeconds: undefined });

test("as long as they are few, every service port counts alone", () => {
  const balancers = new Balancers(4);
  const chains = [2, 2, 3].map((endpoints) => balancers.take(counting(endpoints)).balancer.chain);
  assert.equal(new Set(chains).size, 3);
});

test("beyond the limit, ports with equally many endpoints share the chains that are there, in turn", () => {
  const balancers = new Balancers(2);
  const own = [2, 2].map((endpoints) => balancers.take(counting(endpoints)).balancer);
  const shared = [2, 2].map((endpoints) => balancers.take(counting(endpoints)).balancer);
  assert.deepEqual(new Set(shared), new Set(own));
  assert.equal(balancers.release(own[0] as Balancer), false);
});

test("a count of endpoints that no chain has gets one, whatever the limit", () => {
  const balancers = new Balancers(1);
  balancers.take(counting(2));
  assert.deepEqual(balancers.take(counting(5)), {
    balancer: { chain: "lb-5-0", number: 1, rules: ["meta mark set numgen inc mod 5", "goto dispatch"] },
    isNew: true,
  });
});

test("a chain is gone with its last user, and its name and number are used again", () => {
  const balancers = new Balancers(10);
  const { balancer } = balancers.take(counting(2));
  balancers.take(counting(2));
  assert.equal(balancers.release(balancer), true);
  assert.deepEqual(balancers.take(counting(2)), { balancer, isNew: true });
});

test("ports whose clients return to their endpoint share one chain for each count and time", () => {
  const balancers = new Balancers(10);
  const taken = [60, 60, 10_800].map((affinitySeconds) => balancers.take({ endpoints: 3, affinitySeconds }));
  assert.deepEqual(
    taken.map(({ balancer, isNew }) => [balancer.chain, isNew]),
    [
      ["sticky-3-60", true],
      ["sticky-3-60", false],
      ["sticky-3-10800", true],
    ],
  );
});

test("beyond the limit, as many times as there are services make few chains, none of them for less than it was to be", () => {
  const balancers = new Balancers(2);
  balancers.take({ endpoints: 3, affinitySeconds: 100 });
  balancers.take(counting(2));
  const times = Array.from({ length: 86_400 }, (_, index) => index + 1);
  const taken = times.map((affinitySeconds) => balancers.take({ endpoints: 3, affinitySeconds }).balancer);
  const given = taken.map(({ chain }) => Number(chain.split("-").at(-1)));
  assert.ok(new Set(given).size <= 20, `${new Set(given).size} chains`);
  assert.ok(given.every((seconds, index) => seconds >= (times[index] ?? 0)));
  assert.equal(given[99], 100, "what is there is used");
});
