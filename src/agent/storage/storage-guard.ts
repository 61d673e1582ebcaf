import { isCritical } from "#api";
import { type Clock, type Logger, messageOf } from "#base";
import { limits } from "../limits.ts";
import { isUp } from "../pods/observation.ts";
import type { Pods } from "../pods/pods.ts";
import type { PodWorker } from "../pods/worker.ts";
import { type MeasureOptions, measureStorage } from "./measure.ts";
import { exceededLimit, storageLimitsOf } from "./storage-limits.ts";

export interface StorageGuardOptions extends MeasureOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pods: Pods;
}

/**
 * Evicts pods that take more of the disk than they may. Nothing in the kernel tells of that (decision 25), so it is measured: with the
 * heartbeat, one pod after another, only pods that have such a limit, and none for more than a small part of the time.
 */
export class StorageGuard {
  readonly #options: StorageGuardOptions;
  /** On the monotonic clock: when a pod whose measuring takes long is measured again. */
  readonly #dueAt = new WeakMap<PodWorker, number>();
  #busy = false;

  constructor(options: StorageGuardOptions) {
    this.#options = options;
  }

  /** One round; none while the last one goes on. */
  async look(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (const worker of [...this.#options.pods.workers.values()]) await this.#lookAt(worker);
    } finally {
      this.#busy = false;
    }
  }

  async #lookAt(worker: PodWorker): Promise<void> {
    const { clock, logger } = this.#options;
    const allowed = storageLimitsOf(worker.pod);
    if (!allowed || !isUp(worker.observation) || isCritical(worker.pod)) return;
    const begunAt = clock.monotonicMs();
    if (begunAt < (this.#dueAt.get(worker) ?? 0)) return;
    try {
      const used = await measureStorage(this.#options, worker.pod, worker.observation);
      const message = exceededLimit(allowed, used);
      if (message !== undefined && isUp(worker.observation)) worker.evict(message);
    } catch (error) {
      logger.warn(`measuring the storage of pod ${worker.pod.metadata?.name}: ${messageOf(error)}`);
    }
    const endedAt = clock.monotonicMs();
    this.#dueAt.set(worker, endedAt + (endedAt - begunAt) * limits.storageMeasureRest);
  }
}
