import type { Random } from "#base";
import type { Town } from "../../tools/shop/town.ts";

/** Kills something at random each time that it is told to, one after the other. What was killed is started again at once. */
export class Disasters {
  readonly #possible: readonly Disaster[];
  readonly #random: Random;
  readonly struck: string[] = [];
  #under: Promise<void> = Promise.resolve();

  constructor(town: Town, random: Random) {
    this.#random = random;
    this.#possible = [
      { victim: "postgres", strike: () => town.strikePostgres() },
      ...(town.nats ? [{ victim: "nats", strike: () => town.strikeNats() }] : []),
      ...town.processes.map((each) => ({ victim: each.name, strike: () => each.kill() })),
    ];
  }

  strike(): void {
    const { victim, strike } = this.#possible[this.#random.uint32() % this.#possible.length] as Disaster;
    this.struck.push(victim);
    this.#under = this.#under.then(strike);
  }

  /** Resolves when everything that was struck stands again. */
  over(): Promise<void> {
    return this.#under;
  }
}

interface Disaster {
  readonly victim: string;
  readonly strike: () => Promise<void>;
}
