import { type Clock, type Logger, must, silentLogger, systemClock } from "#base";
import { type ClientOptions, client } from "../http/client.ts";
import { askedRegistry } from "./asked-registry.ts";
import type { Registry } from "./registry.ts";
import { registryRoutes } from "./registry-routes.ts";

/** Where a registry of our own is, and how it is called. */
export interface RegistryAddress extends Omit<ClientOptions, "baseUrl"> {
  /** Of several registries, each is told of every instance, and one of them is asked: the next one when it fails. */
  readonly baseUrl: string | readonly string[];
  readonly logger?: Logger;
}

/** Instances by a registry of our own. Each question waits for a change, so that one is heard at once. */
export function serviceRegistry({ logger = silentLogger, ...options }: RegistryAddress): Registry {
  const { clock = systemClock } = options;
  const registries = clientsOf(options);
  return askedRegistry({
    asker: (service) => {
      let version: string | undefined;
      let at = 0;
      return async (signal) => {
        const query = version === undefined ? {} : { after: version };
        const registry = must(registries[at], "one of the registries is asked");
        try {
          // A version is one registry's: another one does not know it, and answers at once.
          const known = await registry.list({ params: { service }, query }, { signal });
          version = known.version;
          return known.instances;
        } catch (error) {
          at = (at + 1) % registries.length;
          throw error;
        }
      };
    },
    refreshMs: 0,
    clock,
    logger,
  });
}

/** A client for each of the registries. */
export function clientsOf({ baseUrl, ...options }: Omit<RegistryAddress, "logger"> & { clock?: Clock }) {
  const baseUrls = typeof baseUrl === "string" ? [baseUrl] : baseUrl;
  if (baseUrls.length === 0) throw new Error("a registry needs an address: baseUrl names none");
  return baseUrls.map((each) => client(routes, { ...options, baseUrl: each }));
}

const routes = registryRoutes();
