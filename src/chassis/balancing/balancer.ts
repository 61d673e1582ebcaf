import { type Clock, type Random, systemClock, systemRandom } from "#base";
import type { Instance } from "../discovery/instance.ts";
import type { Registry, Watching } from "../discovery/registry.ts";
import { problem } from "../http/problem.ts";
import { limits } from "./limits.ts";
import { roundRobin } from "./round-robin.ts";
import type { Asked, Choose, Strategy } from "./strategy.ts";
import { TrackedInstance } from "./tracked-instance.ts";

export interface BalancerOptions {
  readonly registry: Registry;
  /** Whose instances, as the registry calls it. */
  readonly service: string;
  /** Absent: one after the other. */
  readonly strategy?: Strategy;
  /** Where the client runs, for `zoneFirst`. */
  readonly zone?: string;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** An instance that was chosen. How it went has to be told, once. */
export interface Picked {
  readonly instance: Instance;
  ended(how: Ended): void;
}

/**
 * How an attempt went. `gone`: the caller did not wait, which says nothing about the instance. With a deadline, on the monotonic clock: there was no answer by
 * then, which says no more than that one takes longer. Callers set deadlines, and those of strangers travel.
 */
export type Ended = "answered" | "failed" | "gone" | { readonly deadlineMs: number };

/** Chooses instances of one service. It asks the registry from the first pick on, until it is stopped. */
export class Balancer {
  readonly service: string;
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #choose: Choose;
  readonly #firstWord = Promise.withResolvers<void>();
  #watching: Watching | undefined;
  #instances: ReadonlyMap<string, TrackedInstance> | undefined;

  constructor(options: BalancerOptions) {
    const { registry, service, strategy = roundRobin, zone } = options;
    const { clock = systemClock, random = systemRandom } = options;
    this.service = service;
    this.#registry = registry;
    this.#clock = clock;
    this.#choose = strategy({ random, ...(zone === undefined ? {} : { zone }) });
  }

  /** Chooses among those who were not asked yet (base URLs), or among all when everybody was. Rejects with a `Problem` when nobody is there. */
  async pick(asked: Asked = {}, askedAlready: ReadonlySet<string> = new Set()): Promise<Picked> {
    const all = await this.#known();
    const fresh = all.filter(({ instance }) => !askedAlready.has(instance.url));
    const fit = fresh.length > 0 ? fresh : all;
    if (fit.length === 0) throw problem(503, `nobody serves ${this.service} now`);
    const chosen = this.#choose(weighed(fit), asked) as TrackedInstance;
    const beganMs = this.#clock.monotonicMs();
    chosen.begin();
    return {
      instance: chosen.instance,
      ended: (how) => {
        const tookMs = this.#clock.monotonicMs() - beganMs;
        if (how === "gone") chosen.end();
        else if (how === "answered") chosen.end({ tookMs });
        else if (how === "failed") chosen.end({ tookMs: Math.max(tookMs, limits.failureMs) });
        else {
          // Who says at once that there will be no answer in time is not the fastest, either.
          const grantedMs = Math.min(how.deadlineMs - beganMs, limits.failureMs);
          chosen.end({ longerThanMs: Math.max(tookMs, grantedMs) });
        }
      },
    };
  }

  /** Whether there is somebody who was not asked yet. */
  hasOthers(askedAlready: ReadonlySet<string>): boolean {
    return [...(this.#instances?.values() ?? [])].some(({ instance }) => !askedAlready.has(instance.url));
  }

  stop(): void {
    this.#watching?.stop();
  }

  async #known(): Promise<TrackedInstance[]> {
    this.#watching ??= this.#registry.watch(this.service, (instances) => this.#hear(instances));
    if (!this.#instances) await this.#awaitFirstWord();
    return [...(this.#instances?.values() ?? [])];
  }

  /** What is known of an instance stays with it as long as the registry names it. */
  #hear(instances: readonly Instance[]): void {
    const before = this.#instances;
    this.#instances = new Map(
      instances.map((instance) => {
        const tracked = before?.get(instance.id) ?? new TrackedInstance(instance, this.#clock);
        tracked.instance = instance;
        return [instance.id, tracked];
      }),
    );
    this.#firstWord.resolve();
  }

  async #awaitFirstWord(): Promise<void> {
    const patience = Promise.withResolvers<void>();
    const timer = this.#clock.setTimer(limits.firstWordMs, patience.resolve);
    await Promise.race([this.#firstWord.promise, patience.promise]);
    timer.cancel();
  }
}

/** Those of weight 0 are left out, unless all are such: then all weigh the same. */
function weighed(fit: readonly TrackedInstance[]): readonly TrackedInstance[] {
  const heavy = fit.filter(({ instance }) => (instance.weight ?? 1) > 0);
  const counted = heavy.length > 0 ? heavy : fit;
  for (const each of counted) each.weight = each.instance.weight || 1;
  return counted;
}
