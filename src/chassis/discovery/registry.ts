import type { Instance } from "./instance.ts";

/** Who is there, by service. The client side of discovery; adapters say where the knowledge is from. */
export interface Registry {
  /**
   * Hears of the instances of a service that are fit to be asked: once as soon as they are known, and again with each change. While the registry's
   * source cannot be reached nothing is heard: what was known is better than nothing.
   */
  watch(service: string, heard: (instances: readonly Instance[]) => void): Watching;
}

export interface Watching {
  stop(): void;
}
