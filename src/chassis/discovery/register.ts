import { type Logger, messageOf, silentLogger, systemClock } from "#base";
import { runForNobody } from "../telemetry/mod.ts";
import type { Registration } from "./directory.ts";
import { limits } from "./limits.ts";
import { clientsOf, type RegistryAddress } from "./service-registry.ts";

export interface RegisterOptions extends RegistryAddress {
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
  instance: { id, ...body },
  leaseMs = limits.leaseMs,
  logger = silentLogger,
  clock = systemClock,
  ...options
}: RegisterOptions): Registered {
  const params = { service, id };
  const warn = warner(logger, `${id} of ${service}`);
  const ending = new AbortController();
  const { signal } = ending;
  const registries = clientsOf({ ...options, clock });
  const renewing = runForNobody(() => Promise.all(registries.map(renew)));
  return {
    async end() {
      ending.abort();
      await renewing;
      const takeOut = (registry: (typeof registries)[number]) =>
        registry.deregister({ params }, { timeoutMs: limits.registerMs });
      await Promise.all(
        registries.map((registry) => takeOut(registry).catch((error) => warn("taken out of", error))),
      );
    },
  };

  async function renew(registry: (typeof registries)[number]): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        await registry.register({ params, body }, { timeoutMs: limits.registerMs, signal });
        failures = 0;
      } catch (error) {
        if (!signal.aborted && failures === 0) warn("renewed in", error);
        failures += 1;
      }
      await clock.sleep(pauseMs(failures), signal).catch(() => {});
    }
  }

  function pauseMs(failures: number): number {
    if (failures === 0) return leaseMs / 3;
    return Math.min(limits.longestRegisterRetryMs, limits.retryMs * 2 ** (failures - 1));
  }
}

function warner(logger: Logger, who: string) {
  return (what: string, error: unknown) =>
    logger.warn(`${who} could not be ${what} a registry`, { error: messageOf(error) });
}
