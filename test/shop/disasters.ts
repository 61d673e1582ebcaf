import type { Random } from "#base";
import type { Town } from "../../tools/shop/town.ts";

/**
 * Kills something at random each time that it is told to, one after the other, and nothing twice before everything was killed once. What was killed is
 * started again at once.
 */
export class Disasters {
  readonly #possible: readonly Disaster[];
  readonly #random: Random;
  readonly #struck = new Map<string, number>();
  #left: Disaster[] = [];
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
    if (this.#left.length === 0) this.#left = [...this.#possible];
    const [disaster] = this.#left.splice(this.#random.uint32() % this.#left.length, 1);
    if (!disaster) return;
    this.#struck.set(disaster.victim, (this.#struck.get(disaster.victim) ?? 0) + 1);
    this.#under = this.#under.then(disaster.strike);
  }

  /** How often each was struck: `nats 2, web 1`. */
  get summary(): string {
    return [...this.#struck].map(([victim, times]) => `${victim} ${times}`).join(", ");
  }

  /** Resolves when everything was struck that was to be. Stores stand again by then; processes are being started. */
  over(): Promise<void> {
    return this.#under;
  }
}

interface Disaster {
  readonly victim: string;
  readonly strike: () => Promise<void>;
}
