import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base";
import { ManualClock } from "#testing";
import { Balancer } from "./balancer.ts";
import { limits } from "./limits.ts";
import { leastConnection } from "./strategies/by-load.ts";
import { latencyEwma } from "./strategies/latency-ewma.ts";
import { roundRobin } from "./strategies/round-robin.ts";

const asked = { destination: "/", source: "me" };
const nobody: ReadonlySet<string> = new Set();

const three = ["a", "b", "c"].map((id, at) => ({
  service: "orders",
  id,
  host: "127.0.0.1",
  port: 8001 + at,
}));

function balancer(strategy = roundRobin({ random: seededRandom(1) })) {
  const clock = new ManualClock();
  return { clock, it: new Balancer({ strategy, clock }) };
}

/** Who is chosen, by how many of so many requests that all go well. */
function shares(it: Balancer, times: number, instances = three): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let turn = 0; turn < times; turn += 1) {
    const chosen = it.pick(instances, asked, nobody);
    assert.ok(chosen);
    counts[chosen.instance.id] = (counts[chosen.instance.id] ?? 0) + 1;
    chosen.ended("well");
  }
  return counts;
}

/** Lets one instance fail so often, and nobody else. */
function fail(it: Balancer, id: string, times: number): void {
  for (let failed = 0; failed < times; ) {
    const chosen = it.pick(three, asked, nobody);
    assert.ok(chosen);
    chosen.ended(chosen.instance.id === id ? "trouble" : "well");
    if (chosen.instance.id === id) failed += 1;
  }
}

test("whoever was asked already is asked again only when there is nobody else", () => {
  const { it } = balancer();
  const without = new Set(["http://127.0.0.1:8001", "http://127.0.0.1:8002"]);
  for (let turn = 0; turn < 5; turn += 1) assert.equal(it.pick(three, asked, without)?.instance.id, "c");
  assert.equal(it.hasOthers(without), true);
  without.add("http://127.0.0.1:8003");
  assert.equal(it.hasOthers(without), false);
  assert.ok(it.pick(three, asked, without));
});

test("where there is no instance, nobody is chosen", () => {
  assert.equal(balancer().it.pick([], asked, nobody), undefined);
});

test("an instance that fails three times in a row is left alone for a while, and longer the next time", async () => {
  const { it, clock } = balancer();
  fail(it, "b", limits.failuresUntilAside);
  assert.deepEqual(shares(it, 10), { a: 5, c: 5 });
  await clock.advance(limits.asideMs);
  fail(it, "b", 1);
  await clock.advance(limits.asideMs);
  assert.equal(shares(it, 10).b, undefined);
  await clock.advance(limits.asideMs);
  assert.ok(shares(it, 10).b);
});

test("a success in between forgives", () => {
  const { it } = balancer();
  for (let time = 0; time < 5; time += 1) {
    fail(it, "b", limits.failuresUntilAside - 1);
    shares(it, 6);
  }
  assert.ok(shares(it, 9).b);
});

test("when most fail, all are asked: it is hardly their fault", () => {
  const { it } = balancer();
  fail(it, "a", limits.failuresUntilAside);
  fail(it, "b", limits.failuresUntilAside);
  assert.equal(Object.keys(shares(it, 9)).length, 3);
});

test("a failure that comes quickly does not make an instance look quick", async () => {
  const { it, clock } = balancer(latencyEwma({ random: seededRandom(1) }));
  const pair = three.slice(0, 2);
  for (let turn = 0; turn < 4; turn += 1) {
    const chosen = it.pick(pair, asked, nobody);
    await clock.advance(chosen?.instance.id === "a" ? 20 : 10);
    chosen?.ended("well");
  }
  const failing = it.pick(pair, asked, new Set(["http://127.0.0.1:8002"]));
  failing?.ended("trouble");
  assert.deepEqual(shares(it, 10, pair), { b: 10 });
});

test("an instance that got slow is believed at once, and forgiven with time", async () => {
  const { it, clock } = balancer(latencyEwma({ random: seededRandom(1) }));
  const pair = three.slice(0, 2);
  const took = async (without: string, ms: number) => {
    const chosen = it.pick(pair, asked, new Set([without]));
    await clock.advance(ms);
    chosen?.ended("well");
  };
  const [a, b] = ["http://127.0.0.1:8001", "http://127.0.0.1:8002"];
  await took(b, 10);
  await took(a, 20);
  assert.equal(it.pick(pair, asked, nobody)?.instance.id, "a");
  await took(b, 200);
  assert.equal(it.pick(pair, asked, nobody)?.instance.id, "b");
  for (let turn = 0; turn < 50; turn += 1) await took(b, 5);
  await clock.advance(60_000);
  await took(b, 5);
  assert.equal(it.pick(pair, asked, nobody)?.instance.id, "a");
});

test("what is in flight is known of those that stay when others come and go", () => {
  const { it } = balancer(leastConnection({ random: seededRandom(1) }));
  const pair = three.slice(0, 2);
  const first = it.pick(pair, asked, nobody);
  const other = it.pick(
    three.filter(({ id }) => id === first?.instance.id || id === "c"),
    asked,
    nobody,
  );
  assert.equal(other?.instance.id, "c");
});
