import type { Random } from "#base";
import { type Conditions, goodConditions } from "../network/conditions.ts";
import type { World } from "../runs/world.ts";
import { between, happens, pick } from "../time/seeds.ts";
import type { Fault } from "./fault.ts";

const minute = 60_000;

/** A part and the API server do not reach each other; what was said waits, or the connections break when the way is back. */
export const partition: Fault = {
  kind: "partition",
  weight: 4,
  begin(world, random) {
    const part = anyPart(world, random);
    const { network } = world.simulation;
    if (network.conditionsOf(part).isCut) return undefined;
    network.cut(part);
    const breaks = happens(random, 0.5);
    return {
      words: `partition ${part}`,
      forMs: between(random, [1_000, 5 * minute]),
      end: () => {
        if (breaks) network.reset(part);
        network.heal(part);
      },
    };
  },
};

/** Everything to and from a part takes its time, and overtakes what was sent before. */
export const slowLink: Fault = {
  kind: "slow-link",
  weight: 3,
  begin: (world, random) =>
    worse(world, random, "slow-link", {
      latencyMs: [between(random, [1, 50]), between(random, [100, 5_000])],
    }),
};

/** Some requests of a part are never heard of again, or their answers. */
export const lossyLink: Fault = {
  kind: "lossy-link",
  weight: 3,
  begin: (world, random) => worse(world, random, "lossy-link", { lossRate: between(random, [0.01, 0.3]) }),
};

/** Some requests of a part come twice, and some events. */
export const duplicates: Fault = {
  kind: "duplicates",
  weight: 2,
  begin: (world, random) =>
    worse(world, random, "duplicates", { duplicateRate: between(random, [0.05, 0.5]) }),
};

/** The connections of a part, or of all, end at once. */
export const connectionReset: Fault = {
  kind: "connection-reset",
  weight: 3,
  begin(world, random) {
    const { network } = world.simulation;
    const parts = happens(random, 0.2) ? partsOf(world) : [anyPart(world, random)];
    for (const part of parts) network.reset(part);
    return { words: `connection-reset ${parts.length > 1 ? "all" : parts[0]}`, forMs: 0, end: () => {} };
  },
};

function worse(world: World, random: Random, kind: string, change: Partial<Conditions>) {
  const part = anyPart(world, random);
  const conditions = world.simulation.network.conditionsOf(part);
  const names = Object.keys(change) as (keyof Conditions)[];
  if (names.some((name) => conditions[name] !== goodConditions[name])) return undefined;
  Object.assign(conditions, change);
  return {
    words: `${kind} ${part}`,
    forMs: between(random, [10_000, 5 * minute]),
    end: () => {
      for (const name of names) Object.assign(conditions, { [name]: goodConditions[name] });
    },
  };
}

/** Programs are as likely to be met as all nodes together. */
function anyPart(world: World, random: Random): string {
  const { fleet } = world.simulation;
  return (
    (happens(random, 0.5) ? pick(random, programsOf(world)) : pick(random, [...fleet.nodes.keys()])) ??
    "fleet"
  );
}

function programsOf({ simulation }: World): string[] {
  const programs = [...simulation.controllers, ...simulation.schedulers].map(({ name }) => name);
  return [...programs, "witness", "fleet", "user", "drainer"];
}

function partsOf(world: World): string[] {
  return [...programsOf(world), ...world.simulation.fleet.nodes.keys()];
}
