import { deepStrictEqual } from "node:assert";
import { messageOf, systemClock } from "#base";
import { type CrashPoint, Endless, Life } from "./life.ts";
import { limits } from "./limits.ts";

export interface CrashScenario<World> {
  /** A world as it is before the first life begins. */
  readonly open: () => Promise<World>;
  /**
   * Does all there is to do, and resolves when nothing is left. It is called again after a crash, in a new life, and
   * goes on from what is durable; whatever it does to the outside, it does through the life it is given.
   */
  readonly run: (world: World, life: Life) => Promise<void>;
  /** What counts in the end: the same, wherever a life ended. */
  readonly state: (world: World) => Promise<unknown>;
  readonly close?: (world: World) => Promise<void>;
  /** A life that takes longer is taken for one that has no end. */
  readonly lifeMs?: number;
}

/**
 * Runs a scenario to its end, then again and again, with the process dying before and after each durable step in turn
 * (and half way through, where several messages are published) and a second life finishing the work: each time the end
 * must be the same. Resolves with the crash points tried. Rejects at the first after which the end is another, or there is
 * none; the message says how to play that one alone (`crashAt`).
 */
export async function everyCrashPoint<World>(scenario: CrashScenario<World>): Promise<readonly CrashPoint[]> {
  const expected = await crashAt(scenario, undefined);
  const tried: CrashPoint[] = [];
  const dies = async (point: CrashPoint): Promise<Life> => {
    const { first, state } = await play(scenario, point);
    if (!first.dead) return first;
    tried.push(point);
    deepStrictEqual(
      state,
      expected.state,
      `a process that dies ${whereIn(first, point)} does not end as one that lives`,
    );
    return first;
  };
  for (let step = 1; ; step += 1) {
    const { dead, divisible } = await dies({ step, when: "before" });
    if (!dead) return tried;
    if (divisible.has(step)) await dies({ step, when: "half way through" });
    await dies({ step, when: "after" });
  }
}

export interface CrashOutcome {
  readonly state: unknown;
  /** The durable steps of the first life. */
  readonly steps: readonly string[];
  readonly died: boolean;
}

/** Runs a scenario with one crash, or none. */
export async function crashAt<World>(
  scenario: CrashScenario<World>,
  point: CrashPoint | undefined,
): Promise<CrashOutcome> {
  const { first, state } = await play(scenario, point);
  return { state, steps: first.steps, died: first.dead };
}

async function play<World>(
  scenario: CrashScenario<World>,
  point: CrashPoint | undefined,
): Promise<{ readonly first: Life; readonly state: unknown }> {
  const world = await scenario.open();
  try {
    const first = new Life(point ? { point } : {});
    await live(scenario, world, first);
    if (first.dead) {
      const second = new Life({ stepsAtMost: limits.stepsOfSecondLife });
      await live(scenario, world, second).catch((cause: unknown) => {
        const where = whereIn(first, point);
        throw new Error(`after a process that dies ${where} the next one fails: ${messageOf(cause)}`, {
          cause,
        });
      });
    }
    return { first, state: await scenario.state(world) };
  } finally {
    await scenario.close?.(world);
  }
}

/** Resolves when the life is over, by its end or by its crash; rejects when it fails, or goes on and on. */
async function live<World>(
  { run, lifeMs = limits.lifeMs }: CrashScenario<World>,
  world: World,
  life: Life,
): Promise<void> {
  const running = run(world, life);
  const timer = systemClock.setTimer(lifeMs, () => life.kill(new Endless(`${lifeMs} ms`, life.steps)));
  // What the dead have to say, nobody hears: neither that they failed, nor that they are done.
  const failure = await Promise.race([
    running.then(
      () => undefined,
      (error: unknown) => ({ error }),
    ),
    life.died,
  ]);
  timer.cancel();
  const isEndless = life.signal.reason instanceof Endless;
  // Something in it may wait for what never comes.
  if (isEndless) await Promise.race([life.buried(), systemClock.sleep(limits.burialMs)]);
  else await life.buried();
  if (isEndless) throw life.signal.reason;
  if (failure && !life.dead) throw failure.error;
}

function whereIn({ steps }: Life, point: CrashPoint | undefined): string {
  return `${point?.when} step ${point?.step} (${steps.at(-1)})`;
}
