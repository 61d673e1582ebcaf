import type { Clock } from "#base";
import { type Instance, placeOf } from "../discovery/instance.ts";
import { limits } from "./limits.ts";
import { Load, type Outcome } from "./load.ts";
import type { Asked, Strategy } from "./strategy.ts";

/** An instance that was chosen for a request. */
export interface Chosen {
  readonly instance: Instance;
  /** Its base URL. */
  readonly place: string;
  /** Says how it went, once. */
  ended(outcome: Outcome): void;
}

/** Chooses among instances, and learns from how it goes. One per service that is called. */
export class Balancer {
  readonly #strategy: Strategy;
  readonly #clock: Clock;
  #instances: readonly Instance[] = [];
  #loads = new Map<string, Load>();

  constructor({ strategy, clock }: { readonly strategy: Strategy; readonly clock: Clock }) {
    this.#strategy = strategy;
    this.#clock = clock;
  }

  /**
   * One of the instances, not at a place in `without` while there is another; undefined when there is none at all. Those that fail are left out for a
   * while, unless that would be more than half.
   */
  pick(instances: readonly Instance[], asked: Asked, without: ReadonlySet<string>): Chosen | undefined {
    if (instances !== this.#instances) this.#know(instances);
    const nowMs = this.#clock.monotonicMs();
    const usable = this.#usable(nowMs);
    if (usable.length === 0) return undefined;
    const fresh = without.size === 0 ? usable : usable.filter((load) => !without.has(placeOf(load.instance)));
    const chosen = this.#strategy.choose(fresh.length > 0 ? fresh : usable, asked) as Load;
    chosen.began();
    return {
      instance: chosen.instance,
      place: placeOf(chosen.instance),
      ended: (outcome) => {
        const endedMs = this.#clock.monotonicMs();
        chosen.ended(outcome, { nowMs: endedMs, tookMs: endedMs - nowMs });
      },
    };
  }

  /** Whether there is somebody whose place is not in `without`. */
  hasOthers(without: ReadonlySet<string>): boolean {
    return this.#usable(this.#clock.monotonicMs()).some(({ instance }) => !without.has(placeOf(instance)));
  }

  #usable(nowMs: number): readonly Load[] {
    const all = [...this.#loads.values()];
    const well = all.filter((load) => !load.isAside(nowMs));
    return well.length < all.length * limits.shareAside ? all : well;
  }

  /** What is known of those that stay is kept. */
  #know(instances: readonly Instance[]): void {
    this.#instances = instances;
    const before = this.#loads;
    this.#loads = new Map(
      instances.map((instance) => {
        const load = before.get(instance.id) ?? new Load(instance);
        load.instance = instance;
        return [instance.id, load];
      }),
    );
  }
}
