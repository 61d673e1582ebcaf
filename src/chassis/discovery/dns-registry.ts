import type { SrvRecord } from "node:dns";
import { type Clock, type Logger, silentLogger, systemClock } from "#base";
import { askedRegistry } from "./asked-registry.ts";
import type { Instance } from "./instance.ts";
import { limits } from "./limits.ts";
import type { Registry } from "./registry.ts";

export interface DnsOptions {
  /** The name of a service's SRV records. Absent: `_http._tcp.SERVICE`, as a headless service of Kubernetes with a port called `http` has them. */
  readonly nameOf?: (service: string) => string;
  readonly scheme?: "http" | "https";
  readonly refreshMs?: number;
  /** Who answers: the machine's own resolver when nothing is said. */
  readonly resolveSrv?: (name: string) => Promise<readonly SrvRecord[]>;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/**
 * Instances by DNS SRV records (RFC 2782). Only those with the lowest priority number are instances: the others are for when these are gone from DNS.
 * The name that no longer exists has no instances; a resolver that fails leaves what was known.
 */
export function dnsRegistry({
  nameOf = (service) => `_http._tcp.${service}`,
  scheme = "http",
  refreshMs = limits.dnsRefreshMs,
  resolveSrv = resolveByMachine,
  clock = systemClock,
  logger = silentLogger,
}: DnsOptions = {}): Registry {
  const asker = (service: string) => async (): Promise<readonly Instance[]> => {
    const records = await resolveSrv(nameOf(service)).catch(noneWhenAbsent);
    const first = Math.min(...records.map(({ priority }) => priority));
    return records
      .filter(({ priority }) => priority === first)
      .map(({ name, port, weight }) => ({
        id: `${name}:${port}`,
        url: `${scheme}://${name}:${port}`,
        // RFC 2782: where there is nothing to choose by, all weights are 0.
        ...(records.every((each) => each.weight === 0) ? {} : { weight }),
      }));
  };
  return askedRegistry({ asker, refreshMs, clock, logger });
}

async function resolveByMachine(name: string): Promise<SrvRecord[]> {
  const { resolveSrv } = await import("node:dns/promises");
  return resolveSrv(name);
}

function noneWhenAbsent(error: unknown): readonly SrvRecord[] {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOTFOUND" || code === "ENODATA") return [];
  throw error;
}
