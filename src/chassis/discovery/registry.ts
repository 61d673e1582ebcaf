import type { Instance } from "./instance.ts";

/** Who answers to which name. An adapter is one generator; keeping what it said, and asking again when it fails, is `Following`'s. */
export interface Registry {
  /**
   * All healthy instances of a service, at once and again whenever they change; none is an answer, too. Throws when it cannot be known. Ends when
   * `signal` is aborted.
   */
  watch(service: string, signal: AbortSignal): AsyncIterable<readonly Instance[]>;
}

/** Instances that are written down: for tests, and for what never moves. */
export function fixedRegistry(instances: readonly Instance[]): Registry {
  return {
    async *watch(service, signal) {
      yield instances.filter((instance) => instance.service === service);
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    },
  };
}
