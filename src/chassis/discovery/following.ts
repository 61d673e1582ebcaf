import { type Clock, type Logger, messageOf, type Random } from "#base";
import type { Instance } from "./instance.ts";
import { limits } from "./limits.ts";
import { pause } from "./pause.ts";
import type { Registry } from "./registry.ts";

export interface FollowingOptions {
  readonly registry: Registry;
  readonly service: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * What a registry says of one service, kept. While the registry is not there, what it said last stands: a registry that is gone must not take
 * everybody with it.
 */
export class Following {
  readonly #options: FollowingOptions;
  readonly #over = new AbortController();
  #instances: readonly Instance[] | undefined;
  #first = Promise.withResolvers<readonly Instance[]>();

  constructor(options: FollowingOptions) {
    this.#options = options;
    this.#first.promise.catch(() => {});
    void this.#run();
  }

  /** As last heard; waits only until something has been heard at all. Rejects when nothing was, and the registry fails. */
  instances(): readonly Instance[] | Promise<readonly Instance[]> {
    return this.#instances ?? this.#first.promise;
  }

  close(): void {
    this.#over.abort();
    this.#first.reject(new Error(`${this.#options.service} is followed no longer`));
  }

  async #run(): Promise<void> {
    const { registry, service, clock, random, logger } = this.#options;
    const { signal } = this.#over;
    let failures = 0;
    while (!signal.aborted) {
      try {
        for await (const instances of registry.watch(service, signal)) {
          failures = 0;
          this.#heard(instances);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (failures === 0)
          logger.warn("a registry does not answer; what it said last stands", {
            service,
            reason: messageOf(error),
          });
        this.#failed(error);
      }
      const waitMs = Math.min(limits.retryMs * 2 ** failures, limits.maxRetryMs);
      failures = Math.min(failures + 1, 16);
      await pause(clock, waitMs * (0.5 + random.float() / 2), signal);
    }
  }

  #heard(instances: readonly Instance[]): void {
    this.#instances = instances;
    this.#first.resolve(instances);
  }

  /** Who waits for the first answer is told; who comes later waits for the next attempt. */
  #failed(error: unknown): void {
    if (this.#instances) return;
    this.#first.reject(error);
    this.#first = Promise.withResolvers();
    this.#first.promise.catch(() => {});
  }
}
