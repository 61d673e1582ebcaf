import { seededRandom } from "#base";
import {
  destinationHash,
  latencyEwma,
  leastConnection,
  powerOfTwo,
  randomChoice,
  roundRobin,
  type Strategy,
  shortestExpectedDelay,
  sourceHash,
  zoneFirst,
} from "#chassis/discovery";
import { aligned, digits } from "../aligned.ts";
import { play, type World } from "../balancing/world.ts";
import { percentile } from "../row.ts";
import type { Study } from "./study.ts";

/** What every strategy makes of copies that differ. In virtual time: nothing depends on the machine, and a run repeats to the last digit. */
export const balancing: Study = {
  name: "balancing",
  what: "balancing strategies on copies that differ: p50, p99 and p99.9, in virtual time",
  async run(_context, say) {
    const results = worlds.map((world) => {
      say(world.name);
      return {
        world: world.name,
        strategies: strategies.map(([name, make]) => measure(name, make(), world)),
      };
    });
    const text = results.map(({ world, strategies: rows }) => {
      const lines = rows.map((row) => [
        row.name,
        ...[row.p50, row.p99, row.p999].map((ms) => digits(ms)),
        `${Math.round(row.slowShare * 100)} %`,
      ]);
      return `${world}\n${aligned([["strategy", "p50 ms", "p99 ms", "p99.9 ms", "to slow copies"], ...lines])}`;
    });
    return { text: text.join("\n\n"), json: results, failures: 0 };
  },
};

const requests = 100_000;
const copies = (count: number, meanMs: number, more: { weight?: number; zone?: string } = {}) =>
  Array.from({ length: count }, () => ({ meanMs, ...more }));

const worlds: readonly World[] = [
  {
    name: "ten copies, two of them five times as slow, nobody knows which; 60 % of what they can do",
    backends: [
      ...copies(4, 10, { zone: "a" }),
      ...copies(4, 10, { zone: "b" }),
      { meanMs: 50, zone: "a" },
      { meanMs: 50, zone: "b" },
    ],
    utilisation: 0.6,
  },
  {
    name: "the same, and weights say so",
    backends: [
      ...copies(4, 10, { zone: "a", weight: 5 }),
      ...copies(4, 10, { zone: "b", weight: 5 }),
      { meanMs: 50, zone: "a", weight: 1 },
      { meanMs: 50, zone: "b", weight: 1 },
    ],
    utilisation: 0.6,
  },
  {
    name: "ten copies that are alike; 80 % of what they can do",
    backends: [...copies(5, 10, { zone: "a" }), ...copies(5, 10, { zone: "b" })],
    utilisation: 0.8,
  },
];

const random = () => seededRandom(5);
const strategies: readonly (readonly [name: string, make: () => Strategy])[] = [
  ["round-robin", () => roundRobin({ random: random() })],
  ["random", () => randomChoice({ random: random() })],
  ["least connection", () => leastConnection({ random: random() })],
  ["shortest expected delay", () => shortestExpectedDelay({ random: random() })],
  ["power of two", () => powerOfTwo({ random: random() })],
  ["latency EWMA", () => latencyEwma({ random: random() })],
  ["destination hash", () => destinationHash()],
  ["destination hash, load factor 1.25", () => destinationHash({ loadFactor: 1.25 })],
  ["source hash", () => sourceHash()],
  [
    "zone first, least connection, full at 4",
    () => zoneFirst({ zone: "a", within: leastConnection({ random: random() }), fullAt: 4 }),
  ],
];

function measure(name: string, strategy: Strategy, world: World) {
  const { latenciesMs, counts } = play(world, strategy, requests);
  const fastest = Math.min(...world.backends.map(({ meanMs }) => meanMs));
  const slow = counts.filter((_, at) => (world.backends[at]?.meanMs ?? 0) > fastest);
  return {
    name,
    p50: percentile(latenciesMs, 0.5),
    p99: percentile(latenciesMs, 0.99),
    p999: percentile(latenciesMs, 0.999),
    slowShare: slow.reduce((sum, count) => sum + count, 0) / requests,
  };
}
