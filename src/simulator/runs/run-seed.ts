import type { Pod } from "#api";
import type { Random } from "#base";
import { notAtRest } from "../checkers/convergence.ts";
import { Weather } from "../faults/weather.ts";
import { limits } from "../limits.ts";
import type { Behaviour, NodeShape } from "../nodes/mod.ts";
import { ordinary } from "../nodes/mod.ts";
import type { SimulationOptions } from "../simulation.ts";
import { between, happens, randomFor, wholeBetween } from "../time/seeds.ts";
import { formatEvent } from "../trace/trace.ts";
import { Workload } from "../workload/workload.ts";
import { Witness } from "./witness.ts";
import { type Violation, World } from "./world.ts";

export interface RunOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly pods: number;
  readonly hours: number;
  /** Wrong parts to put in the place of right ones. */
  readonly ports?: SimulationOptions["ports"];
  /** Events that a report of a violation has. */
  readonly lastEvents?: number;
}

export interface RunReport {
  readonly seed: number;
  readonly hash: string;
  readonly violation: Violation | undefined;
  /** What happened last, in words, when something went wrong. */
  readonly lastEvents: readonly string[];
  readonly virtualMs: number;
  readonly events: number;
  readonly commits: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly counts: ReadonlyMap<string, number>;
}

/**
 * Plays one seed to its end: a cluster starts, people use it, faults strike; then the weather clears and everything must come to rest. Stops at the
 * first violation.
 *
 *   start ── workload ── workload and faults ── nothing new ── at rest, within a stated time
 */
export async function runSeed(options: RunOptions): Promise<RunReport> {
  const { seed, nodes, pods, hours } = options;
  const draw = randomFor(seed, "world");
  const world = new World({
    seed,
    nodes: shapesFor(nodes, draw),
    behaviourOf,
    windowCommits: wholeBetween(draw, limits.windowCommits),
    ...(options.ports ? { ports: options.ports } : {}),
  });
  const { clock, trace } = world.simulation;
  const weather = new Weather({ world, random: randomFor(seed, "weather"), everyMs: limits.faultEveryMs });
  const workload = new Workload({ world, random: randomFor(seed, "workload"), pods });
  const witness = new Witness(world);
  const pass = async (ms: number) => {
    if (!world.violation) await clock.run(ms);
  };
  await world.simulation.start();
  workload.start();
  witness.start();
  await pass(limits.startMs);
  weather.start();
  const calmMs = limits.restWithinMs / 3;
  await pass(hours * 3_600_000 - limits.startMs - calmMs);
  weather.clear();
  workload.stop();
  await comeToRest(world, pass);
  const report: RunReport = {
    seed,
    hash: trace.hash,
    violation: world.violation,
    lastEvents: world.violation ? trace.last(options.lastEvents ?? 60).map(formatEvent) : [],
    virtualMs: clock.monotonicMs(),
    events: trace.events,
    commits: world.history.revision,
    faults: weather.counts,
    counts: world.counts,
  };
  world.simulation.end();
  return report;
}

/** Waits until nothing moves any more; says what does when it takes too long. */
async function comeToRest(world: World, pass: (ms: number) => Promise<void>): Promise<void> {
  const { clock } = world.simulation;
  const untilMs = clock.monotonicMs() + limits.restWithinMs;
  let moving = ["the weather"];
  while (!world.violation && moving.length > 0 && clock.monotonicMs() < untilMs) {
    await pass(limits.restLookMs);
    moving = notAtRest(world);
  }
  if (world.violation || moving.length === 0) return;
  const shown = moving.slice(0, 10).join("; ");
  world.violate(
    "convergence",
    `${limits.restWithinMs / 60_000} minutes after the last fault ${moving.length} things still moved: ${shown}`,
  );
}

function shapesFor(count: number, random: Random): NodeShape[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `node-${index}`,
    zone: `zone-${"abc"[index % 3]}`,
    // Together about twice of what the workload asks for: when a zone is lost, not all of it has a place.
    cpuMilli: 500 * wholeBetween(random, [2, 6]),
    memoryBytes: 2 ** 30 * wholeBetween(random, [2, 8]),
    storageBytes: 100 * 2 ** 30,
    podRange: `10.${64 + (index >> 8)}.${index & 255}.0/24`,
  }));
}

/** Most pods are well; a few crash, leak, or do not start. */
function behaviourOf(pod: Pod, random: Random): Behaviour {
  const isJob = pod.spec?.restartPolicy !== "Always";
  const leaks = happens(random, 0.03);
  return {
    ...ordinary,
    startFailureRate: happens(random, 0.05) ? 0.3 : 0,
    startFailuresInRow: limits.startFailuresInRow,
    crashesPerHour: happens(random, 0.05) ? between(random, [0.5, 4]) : 0,
    ...(isJob ? { runsForMs: [5_000, 120_000] as const } : {}),
    usage: { ...ordinary.usage, leakBytesPerHour: leaks ? between(random, [16, 256]) * 2 ** 20 : 0 },
  };
}
