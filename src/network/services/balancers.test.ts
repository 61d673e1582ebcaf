import assert from "node:assert/strict";
import { test } from "node:test";
import { Balancers } from "./balancers.ts";

test("as long as they are few, every service port counts alone", () => {
  const balancers = new Balancers(4);
  const chains = [2, 2, 3].map((endpoints) => balancers.take("round-robin", endpoints).chain);
  assert.equal(new Set(chains).size, 3);
});

test("beyond the limit, ports with equally many endpoints share the chains that are there, in turn", () => {
  const balancers = new Balancers(2);
  const own = [2, 2].map((endpoints) => balancers.take("round-robin", endpoints).chain);
  const shared = [2, 2].map((endpoints) => balancers.take("round-robin", endpoints).chain);
  assert.deepEqual([...shared].sort(), own);
  assert.equal(balancers.release(own[0] as string), false);
});

test("a count of endpoints that no chain has gets one, whatever the limit", () => {
  const balancers = new Balancers(1);
  balancers.take("round-robin", 2);
  assert.deepEqual(balancers.take("round-robin", 5), {
    chain: "lb-5-0",
    rules: ["meta mark set numgen inc mod 5", "goto dispatch"],
    isNew: true,
  });
});

test("a chain is gone with its last user, and its name is used again", () => {
  const balancers = new Balancers(10);
  const { chain } = balancers.take("round-robin", 2);
  balancers.take("round-robin", 2);
  assert.equal(balancers.release(chain), true);
  assert.equal(balancers.take("round-robin", 2).chain, chain);
});

test("clients that are told apart by address need one chain for all services", () => {
  const balancers = new Balancers(10);
  assert.equal(balancers.take("source-hash", 3).isNew, true);
  assert.deepEqual(balancers.take("source-hash", 3), {
    chain: "hash-3",
    rules: ["meta mark set jhash ip saddr mod 3", "goto dispatch"],
    isNew: false,
  });
});
