import type { Instance } from "./instance.ts";
import type { Registry } from "./registry.ts";

/** Instances that are written down, by service: for tests, and for what never moves. */
export function fixedRegistry(services: Readonly<Record<string, readonly Instance[]>>): Registry {
  return {
    watch(service, heard) {
      heard(services[service] ?? []);
      return { stop: () => {} };
    },
  };
}
