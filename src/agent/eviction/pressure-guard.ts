import { compareForEviction, type EvictionCandidate, isCritical, podRequests } from "#api";
import { type Clock, type Logger, messageOf } from "#base";
import type { EventRecorder } from "../events.ts";
import type { ImageCollector } from "../images/garbage-collection.ts";
import { limits } from "../limits.ts";
import { isUp } from "../pods/observation.ts";
import type { Pods } from "../pods/pods.ts";
import type { PodWorker } from "../pods/worker.ts";
import { statsOf } from "../stats/look.ts";
import { isOver } from "../status/phase.ts";
import { type MeasureOptions, measureStorage } from "../storage/measure.ts";
import { evictionMessage } from "./eviction-message.ts";
import { readSignals, type Signal, starved } from "./signals.ts";

export interface PressureGuardOptions extends MeasureOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventRecorder;
  readonly pods: Pods;
  readonly collector: Pick<ImageCollector, "removeUnused">;
  /** A path on the file system that pods and images are on. */
  readonly storage: string;
}

/**
 * Evicts a pod when the node runs out of memory or disk, before the kernel kills what it likes: one with each heartbeat (as often as the kubelet
 * looks), in the order that `nacre capacity` shows, and none while the last one is still leaving. Unused images go first.
 */
export class PressureGuard {
  readonly #options: PressureGuardOptions;
  #leaving: { readonly worker: PodWorker; readonly sinceMs: number } | undefined;
  #busy = false;

  constructor(options: PressureGuardOptions) {
    this.#options = options;
  }

  /** One round; none while the last one goes on. */
  async look(): Promise<void> {
    if (this.#busy || this.#isWaiting()) return;
    this.#busy = true;
    try {
      const signal = await this.#firstStarved();
      if (signal) await this.#relieve(signal);
    } catch (error) {
      this.#options.logger.warn(`looking for pressure on the node: ${messageOf(error)}`);
    } finally {
      this.#busy = false;
    }
  }

  #isWaiting(): boolean {
    if (!this.#leaving) return false;
    const { worker, sinceMs } = this.#leaving;
    const isGone = isOver(worker.observation);
    const isLate = this.#options.clock.monotonicMs() - sinceMs >= limits.evictedLeaveMs;
    if (isGone || isLate) this.#leaving = undefined;
    return this.#leaving !== undefined;
  }

  /** Inodes are told of, and nobody is evicted for them: what a pod has of those nobody counts. */
  async #firstStarved(): Promise<Signal | undefined> {
    return starved(await readSignals(this.#options.host, this.#options)).find(
      ({ resource }) => resource !== "inodes",
    );
  }

  async #relieve(found: Signal): Promise<void> {
    const { events, collector, clock, logger } = this.#options;
    events.node("EvictionThresholdMet", `Attempting to reclaim ${found.resource}`);
    let signal: Signal | undefined = found;
    if (signal.resource === "ephemeral-storage") {
      await collector.removeUnused();
      signal = await this.#firstStarved();
      if (!signal) return;
    }
    const [victim] = (await this.#candidates(signal)).sort(compareForEviction);
    if (!victim || !isUp(victim.worker.observation)) {
      logger.warn(`the node is low on ${signal.resource}, and there is no pod to evict`);
      return;
    }
    const { worker, pod, containers } = victim;
    worker.evict(evictionMessage(signal, pod, containers), { isDisruption: true });
    this.#leaving = { worker, sinceMs: clock.monotonicMs() };
  }

  async #candidates({ resource }: Signal): Promise<Candidate[]> {
    const candidates: Candidate[] = [];
    for (const worker of [...this.#options.pods.workers.values()]) {
      const { pod } = worker;
      if (!isUp(worker.observation) || isCritical(pod)) continue;
      const used = await (resource === "memory" ? this.#memory(worker) : this.#storage(worker));
      const request = podRequests(pod)[resource] ?? 0;
      candidates.push({
        worker,
        pod,
        request,
        usage: used?.total,
        containers: used?.containers ?? new Map(),
      });
    }
    return candidates;
  }

  async #memory({ observation }: PodWorker): Promise<Used> {
    const stats = await statsOf(this.#options.runtime, observation);
    const containers = new Map(Array.from(stats, ([name, one]) => [name, one.stats.memoryWorkingSetBytes]));
    return { containers, total: sum(containers) };
  }

  /** Undefined when it cannot be found out in time. */
  async #storage({ pod, observation }: PodWorker): Promise<Used | undefined> {
    try {
      const { containers, volumes } = await measureStorage(this.#options, pod, observation);
      return { containers, total: sum(containers) + sum(volumes) };
    } catch (error) {
      this.#options.logger.warn(`measuring the storage of pod ${pod.metadata?.name}: ${messageOf(error)}`);
      return undefined;
    }
  }
}

/** In bytes. */
interface Used {
  readonly containers: ReadonlyMap<string, number>;
  readonly total: number;
}

interface Candidate extends EvictionCandidate {
  readonly worker: PodWorker;
  /** What each container uses, in bytes. */
  readonly containers: ReadonlyMap<string, number>;
}

function sum(amounts: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const amount of amounts.values()) total += amount;
  return total;
}
