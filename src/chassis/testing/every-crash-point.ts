import { deepStrictEqual } from "node:assert";
import { type CrashPoint, Life } from "./life.ts";

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
}

/**
 * Runs a scenario to its end, then again and again, with the process dying before and after each durable step in turn
 * and a second life finishing the work: each time the end must be the same. Resolves with the crash points tried; a
 * broken one rejects with both ends and says how to play it alone (`crashAt`).
 */
export async function everyCrashPoint<World>(scenario: CrashScenario<World>): Promise<readonly CrashPoint[]> {
  const expected = await crashAt(scenario, undefined);
  const tried: CrashPoint[] = [];
  for (let step = 1; ; step += 1) {
    for (const when of ["before", "after"] as const) {
      const { state, steps, died } = await crashAt(scenario, { step, when });
      if (!died) return tried;
      tried.push({ step, when });
      const where = `${when} step ${step} (${steps.at(-1)})`;
      deepStrictEqual(state, expected.state, `a process that dies ${where} does not end as one that lives`);
    }
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
  { open, run, state, close }: CrashScenario<World>,
  point: CrashPoint | undefined,
): Promise<CrashOutcome> {
  const world = await open();
  try {
    const first = new Life(point);
    const running = run(world, first);
    // What the dead have to say, nobody hears: neither that they failed, nor that they are done.
    const failed = await Promise.race([
      running.then(
        () => undefined,
        (error: unknown) => ({ error }),
      ),
      first.died.then(() => undefined),
    ]);
    running.catch(() => {});
    await first.buried();
    if (failed && !first.dead) throw failed.error;
    if (first.dead) {
      const second = new Life();
      await run(world, second);
      await second.buried();
    }
    return { state: await state(world), steps: first.steps, died: first.dead };
  } finally {
    await close?.(world);
  }
}
