import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "#base";
import {
  type Asked,
  type Candidate,
  destinationHashing,
  latencyEwma,
  leastConnection,
  powerOfTwo,
  roundRobin,
  type Strategy,
  shortestExpectedDelay,
  sourceHashing,
  strategies,
  zoneFirst,
} from "./mod.ts";

function candidate(id: string, known: Partial<Candidate> & { zone?: string } = {}): Candidate {
  const { zone, ...rest } = known;
  const instance = { id, url: `http://${id}`, ...(zone === undefined ? {} : { zone }) };
  return { instance, weight: 1, inFlight: 0, latencyMs: undefined, ...rest };
}

function made(strategy: Strategy, zone?: string) {
  const choose = strategy({ random: seededRandom(7), ...(zone === undefined ? {} : { zone }) });
  return (candidates: readonly Candidate[], asked: Asked = {}) => choose(candidates, asked).instance.id;
}

const candidates = fc.uniqueArray(
  fc.record({
    id: fc.stringMatching(/^[a-z]{1,4}$/),
    weight: fc.integer({ min: 1, max: 100 }),
    inFlight: fc.nat(50),
    latencyMs: fc.option(fc.nat(1_000), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 20, selector: ({ id }) => id },
);

test("every strategy chooses one of the candidates, whatever they are", () => {
  for (const strategy of Object.values(strategies)) {
    const choose = made(strategy);
    fc.assert(
      fc.property(candidates, fc.string(), (some, key) => {
        const list = some.map(({ id, ...known }) => candidate(id, known));
        const chosen = choose(list, { destination: key, source: key });
        return some.some(({ id }) => id === chosen);
      }),
    );
  }
});

test("round-robin gives everybody its weight in each round, wherever it begins", () => {
  fc.assert(
    fc.property(candidates, (some) => {
      const list = some.map(({ id, weight }) => candidate(id, { weight }));
      const choose = made(roundRobin);
      const round = list.reduce((sum, { weight }) => sum + weight, 0);
      const turns = Map.groupBy(
        Array.from({ length: round * 3 }, () => choose(list)),
        (id) => id,
      );
      for (const { instance, weight } of list) {
        const given = turns.get(instance.id)?.length ?? 0;
        // The start is drawn, so that the first round may owe one, or be given one.
        assert.ok(
          Math.abs(given - 3 * weight) <= 2,
          `${instance.id} of weight ${weight} had ${given} turns in three rounds`,
        );
      }
    }),
  );
});

test("an instance that comes while round-robin goes on is neither flooded nor left out", () => {
  const choose = made(roundRobin);
  const before = [candidate("a"), candidate("b")];
  for (let turn = 0; turn < 100; turn += 1) choose(before);
  const turns = Array.from({ length: 9 }, () => choose([...before, candidate("c")]));
  const given = turns.filter((id) => id === "c").length;
  assert.ok(given >= 2 && given <= 4, `c had ${given} of 9 turns`);
});

test("least connection asks who has least to do for its weight; shortest expected delay counts the request as well", () => {
  const strong = candidate("strong", { weight: 10, inFlight: 5 });
  const weak = candidate("weak", { weight: 1, inFlight: 0 });
  assert.equal(made(leastConnection)([strong, weak]), "weak");
  assert.equal(made(shortestExpectedDelay)([strong, weak]), "strong");
});

test("idle equals share by chance", () => {
  const choose = made(leastConnection);
  const chosen = Array.from({ length: 50 }, () => choose([candidate("a"), candidate("b"), candidate("c")]));
  assert.equal(new Set(chosen).size, 3);
});

test("by latency the quick one is asked until it has too much to do, and a newcomer first, but not for everything", () => {
  const choose = made(latencyEwma);
  const slow = candidate("slow", { latencyMs: 100 });
  assert.equal(choose([candidate("quick", { latencyMs: 10, inFlight: 5 }), slow]), "quick");
  assert.equal(choose([candidate("quick", { latencyMs: 10, inFlight: 20 }), slow]), "slow");
  assert.equal(choose([slow, candidate("new")]), "new");
  assert.equal(choose([slow, candidate("new", { inFlight: 1 })]), "slow");
});

test("the more loaded of two is never asked by power of two", () => {
  const choose = made(powerOfTwo);
  const list = [candidate("busiest", { inFlight: 9 }), candidate("a"), candidate("b")];
  for (let turn = 0; turn < 100; turn += 1) assert.notEqual(choose(list), "busiest");
});

test("equal keys go to one instance; when another goes, only its own keys move", () => {
  const choose = made(destinationHashing);
  fc.assert(
    fc.property(candidates, fc.string(), fc.nat(), (some, destination, at) => {
      const list = some.map(({ id, weight }) => candidate(id, { weight }));
      const before = choose(list, { destination });
      const gone = list[at % list.length]?.instance.id;
      const rest = list.filter(({ instance }) => instance.id !== gone);
      if (gone !== before) assert.equal(choose(rest.toReversed(), { destination }), before);
    }),
  );
});

test("keys are shared out by weight", () => {
  const choose = made(sourceHashing);
  const list = [candidate("a", { weight: 3 }), candidate("b")];
  const chosen = Array.from({ length: 4_000 }, (_, key) => choose(list, { source: `client-${key}` }));
  const share = chosen.filter((id) => id === "a").length / chosen.length;
  assert.ok(Math.abs(share - 0.75) < 0.03, `a of weight 3 beside 1 had ${share}`);
});

test("zone first stays near as long as somebody is near", () => {
  const choose = made(zoneFirst(), "east");
  const far = candidate("far", { zone: "west" });
  assert.equal(choose([far, candidate("near", { zone: "east" })]), "near");
  assert.equal(choose([far]), "far");
});
