import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "#base";
import { leastConnection, powerOfTwo, shortestExpectedDelay } from "./strategies/by-load.ts";
import { destinationHash, sourceHash } from "./strategies/hashing.ts";
import { latencyEwma } from "./strategies/latency-ewma.ts";
import { randomChoice } from "./strategies/random-choice.ts";
import { roundRobin } from "./strategies/round-robin.ts";
import { zoneFirst } from "./strategies/zone-first.ts";
import type { Asked, Candidate, Strategy } from "./strategy.ts";

interface Made {
  readonly weight?: number;
  readonly inFlight?: number;
  readonly latencyMs?: number;
  readonly zone?: string;
}

function candidate(id: string, { weight = 1, inFlight = 0, latencyMs, zone }: Made = {}): Candidate {
  const instance = { service: "orders", id, host: "127.0.0.1", port: 1, ...(zone ? { zone } : {}) };
  return { instance, weight, inFlight, latencyMs };
}

const asked: Asked = { destination: "/orders/7", source: "shop-1" };
const random = () => seededRandom(3);

function chosen(strategy: Strategy, candidates: readonly Candidate[], times = 1): string[] {
  return Array.from({ length: times }, () => strategy.choose(candidates, asked).instance.id);
}

function count(ids: readonly string[], id: string): number {
  return ids.filter((each) => each === id).length;
}

const everyStrategy = {
  roundRobin: () => roundRobin({ random: random() }),
  randomChoice: () => randomChoice({ random: random() }),
  leastConnection: () => leastConnection({ random: random() }),
  shortestExpectedDelay: () => shortestExpectedDelay({ random: random() }),
  powerOfTwo: () => powerOfTwo({ random: random() }),
  latencyEwma: () => latencyEwma({ random: random() }),
  destinationHash: () => destinationHash(),
  sourceHash: () => sourceHash({ loadFactor: 1.25 }),
  zoneFirst: () => zoneFirst({ zone: "a", within: roundRobin({ random: random() }), fullAt: 2 }),
};

describe("every strategy chooses one of those that there are, however they fare", () => {
  const some = fc.array(
    fc.record({
      weight: fc.integer({ min: 1, max: 100 }),
      inFlight: fc.nat(1000),
      latencyMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
      zone: fc.constantFrom("a", "b"),
    }),
    { minLength: 1, maxLength: 12 },
  );
  for (const [name, make] of Object.entries(everyStrategy)) {
    test(name, () => {
      fc.assert(
        fc.property(some, (made) => {
          const candidates = made.map((each, at) => candidate(String(at), each));
          const strategy = make();
          for (let turn = 0; turn < 3; turn += 1)
            assert.ok(candidates.includes(strategy.choose(candidates, asked)));
        }),
      );
    });
  }
});

test("in turn, each comes as often as its weight says, to the one", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
      fc.integer(),
      (weights, seed) => {
        const candidates = weights.map((weight, at) => candidate(String(at), { weight }));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const ids = chosen(roundRobin({ random: seededRandom(seed) }), candidates, total * 10);
        for (const [at, weight] of weights.entries())
          assert.ok(Math.abs(count(ids, String(at)) - weight * 10) <= 1, `${at}: ${ids.join(" ")}`);
      },
    ),
  );
});

test("in turn, a heavy one does not come in one row but between the others", () => {
  const candidates = [candidate("a", { weight: 4 }), candidate("b", { weight: 2 }), candidate("c")];
  const ids = chosen(roundRobin({ random: random() }), candidates, 70).join("");
  assert.doesNotMatch(ids, /aaaa|bb|cc/);
});

test("by chance, each comes about as often as its weight says", () => {
  const ids = chosen(
    randomChoice({ random: random() }),
    [candidate("a", { weight: 3 }), candidate("b")],
    4000,
  );
  assert.ok(Math.abs(count(ids, "a") - 3000) < 150);
});

test("least connection takes who has the fewest, shortest expected delay who would have", () => {
  const idle = candidate("idle", { weight: 1, inFlight: 0 });
  const quick = candidate("quick", { weight: 4, inFlight: 2 });
  assert.deepEqual(chosen(leastConnection({ random: random() }), [quick, idle]), ["idle"]);
  assert.deepEqual(chosen(shortestExpectedDelay({ random: random() }), [quick, idle]), ["quick"]);
});

test("of those that have equally many, least connection does not always take the first", () => {
  const ids = chosen(leastConnection({ random: random() }), [candidate("a"), candidate("b")], 100);
  assert.ok(count(ids, "a") > 20 && count(ids, "b") > 20);
});

test("of two, the better is taken: who has most is never taken, and who has fewer mostly", () => {
  const candidates = [3, 2, 1, 0].map((inFlight) => candidate(String(inFlight), { inFlight }));
  const ids = chosen(powerOfTwo({ random: random() }), candidates, 600);
  assert.equal(count(ids, "3"), 0);
  assert.ok(count(ids, "0") > count(ids, "1") && count(ids, "1") > count(ids, "2"));
});

test("by latency, a slow one is left alone while a quick one has less to do than would make up for it", () => {
  const slow = candidate("slow", { latencyMs: 100 });
  const busy = (inFlight: number) => candidate("busy", { latencyMs: 10, inFlight });
  assert.deepEqual(chosen(latencyEwma({ random: random() }), [slow, busy(5)]), ["busy"]);
  assert.deepEqual(chosen(latencyEwma({ random: random() }), [slow, busy(50)]), ["slow"]);
  const fresh = candidate("fresh");
  assert.deepEqual(chosen(latencyEwma({ random: random() }), [busy(0), fresh]), ["fresh"]);
});

describe("hashing", () => {
  const candidates = ["a", "b", "c", "d", "e"].map((id) => candidate(id));
  const keys = Array.from({ length: 5000 }, (_, at) => `/orders/${at}`);
  const homes = (among: readonly Candidate[]) =>
    keys.map((destination) => destinationHash().choose(among, { ...asked, destination }).instance.id);

  test("the same thing goes to the same instance, whoever asks and in whatever order they are known", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (destination, source) => {
        const one = destinationHash().choose(candidates, { destination, source });
        assert.equal(destinationHash().choose(candidates.toReversed(), { destination, source: "x" }), one);
      }),
    );
  });

  test("the same caller goes to the same instance, whatever it asks for", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (destination, source) => {
        const one = sourceHash().choose(candidates, { destination, source });
        assert.equal(sourceHash().choose(candidates, { destination: "x", source }), one);
      }),
    );
  });

  test("each gets about its share", () => {
    const all = homes(candidates);
    for (const { instance } of candidates) assert.ok(Math.abs(count(all, instance.id) - 1000) < 120);
    const heavy = homes([candidate("a", { weight: 3 }), candidate("b")]);
    assert.ok(Math.abs(count(heavy, "a") - 3750) < 150);
  });

  test("when one goes, what went elsewhere stays where it is", () => {
    const before = homes(candidates);
    const after = homes(candidates.slice(0, 4));
    for (const [at, home] of before.entries()) if (home !== "e") assert.equal(after[at], home);
  });

  test("within a load factor, a favourite thing spills over to the next", () => {
    const alone = destinationHash().choose(candidates, asked).instance.id;
    const busy = candidates.map(({ instance: { id } }) => candidate(id, { inFlight: id === alone ? 4 : 2 }));
    assert.equal(destinationHash().choose(busy, asked).instance.id, alone);
    assert.notEqual(destinationHash({ loadFactor: 1.25 }).choose(busy, asked).instance.id, alone);
  });
});

test("zone first asks its own zone until those there are full, or there is none", () => {
  const near = (inFlight: number) => candidate("near", { zone: "a", inFlight });
  const far = candidate("far", { zone: "b" });
  const strategy = zoneFirst({ zone: "a", within: leastConnection({ random: random() }), fullAt: 10 });
  assert.deepEqual(chosen(strategy, [far, near(9)]), ["near"]);
  assert.deepEqual(chosen(strategy, [far, near(10)]), ["far"]);
  assert.deepEqual(chosen(strategy, [far]), ["far"]);
});
