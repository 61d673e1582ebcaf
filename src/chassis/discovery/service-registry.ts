import { type Logger, messageOf, silentLogger, systemClock } from "#base";
import { type ClientOptions, client } from "../http/client.ts";
import { askedRegistry } from "./asked-registry.ts";
import type { Registration } from "./directory.ts";
import { limits } from "./limits.ts";
import type { Registry } from "./registry.ts";
import { registryRoutes } from "./registry-routes.ts";

export interface ServiceRegistryOptions extends ClientOptions {
  readonly logger?: Logger;
}

const routes = registryRoutes();

/** Instances by a registry of our own. Each question waits for a change, so that one is heard at once. */
export function serviceRegistry({ logger = silentLogger, ...options }: ServiceRegistryOptions): Registry {
  const { clock = systemClock } = options;
  const registry = client(routes, options);
  return askedRegistry({
    asker: (service) => {
      let version: string | undefined;
      return async (signal) => {
        const query = version === undefined ? {} : { after: version };
        const known = await registry.list({ params: { service }, query }, { signal });
        version = known.version;
        return known.instances;
      };
    },
    refreshMs: 0,
    clock,
    logger,
  });
}

export interface RegisterOptions extends ServiceRegistryOptions {
  readonly service: string;
  readonly instance: Registration;
  /** As the registry has it. It is renewed three times as often. */
  readonly leaseMs?: number;
}

export interface Registered {
  /** Takes the instance out: the first thing to do when it drains. */
  end(): Promise<void>;
}

/**
 * Registers an instance and renews that: an instance itself, or whoever knows of it. A registry that is not there is tried again; what it knows ends with the lease, should this
 * process die.
 */
export function register({
  service,
  instance: { id, ...registration },
  leaseMs = limits.leaseMs,
  logger = silentLogger,
  clock = systemClock,
  ...options
}: RegisterOptions): Registered {
  const registry = client(routes, { ...options, clock });
  const params = { service, id };
  const ending = new AbortController();
  const renewMs = leaseMs / 3;
  const renewing = renew();
  return {
    async end() {
      ending.abort();
      await renewing;
      await registry.deregister({ params }).catch((error) => warn("taken out of", error));
    },
  };

  async function renew(): Promise<void> {
    while (!ending.signal.aborted) {
      await registry
        .register({ params, body: registration }, { timeoutMs: renewMs, signal: ending.signal })
        .catch((error) => ending.signal.aborted || warn("renewed in", error));
      await clock.sleep(renewMs, ending.signal).catch(() => {});
    }
  }

  function warn(what: string, error: unknown): void {
    logger.warn(`${id} of ${service} could not be ${what} the registry`, { error: messageOf(error) });
  }
}
