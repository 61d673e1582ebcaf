import type { Random } from "#base";
import type { World } from "../runs/world.ts";
import { between, type Range } from "../time/seeds.ts";
import type { Fault } from "./fault.ts";
import { faults } from "./registry.ts";

export interface WeatherOptions {
  readonly world: World;
  readonly random: Random;
  /** Between the beginnings of two faults, in milliseconds. */
  readonly everyMs: Range;
}

/** Faults, one after another and beside one another, until the weather clears. */
export class Weather {
  readonly counts = new Map<string, number>();
  readonly #options: WeatherOptions;
  readonly #endings = new Set<() => void>();
  #isOver = false;

  constructor(options: WeatherOptions) {
    this.#options = options;
  }

  start(): void {
    const { world, random, everyMs } = this.#options;
    world.simulation.clock.setTimer(between(random, everyMs), () => {
      if (this.#isOver) return;
      this.#strike();
      this.start();
    });
  }

  /** No new fault, and all that go on end now. */
  clear(): void {
    this.#isOver = true;
    for (const end of [...this.#endings]) end();
  }

  #strike(): void {
    const { world, random } = this.#options;
    const fault = drawn(random);
    const suffering = fault.begin(world, random);
    if (!suffering) return;
    const { words, forMs } = suffering;
    this.counts.set(fault.kind, (this.counts.get(fault.kind) ?? 0) + 1);
    world.faultBegan(words);
    const end = () => {
      if (!this.#endings.delete(end)) return;
      suffering.end();
      world.faultEnded(words);
    };
    this.#endings.add(end);
    if (forMs === 0) end();
    else world.simulation.clock.setTimer(forMs, end);
  }
}

/** By weight. */
function drawn(random: Random): Fault {
  let left = random.float() * faults.reduce((sum, { weight }) => sum + weight, 0);
  for (const fault of faults) {
    left -= fault.weight;
    if (left < 0) return fault;
  }
  return faults[0] as Fault;
}
