import type { SrvRecord } from "node:dns";
import { type Clock, type Logger, silentLogger, systemClock } from "#base";
import { askedRegistry } from "./asked-registry.ts";
import type { Instance } from "./instance.ts";
import { limits } from "./limits.ts";
import type { Registry } from "./registry.ts";
import { type SearchDomains, searchDomains, wholeNames } from "./search-domains.ts";

export interface DnsOptions {
  /**
   * The name of a service's SRV records; one that ends with a dot is whole, others are searched for as the machine does. Absent: `_http._tcp.SERVICE`, as a headless
   * service of Kubernetes with a port called `http` has them.
   */
  readonly nameOf?: (service: string) => string;
  readonly scheme?: "http" | "https";
  readonly refreshMs?: number;
  /** Who answers for a whole name: the machine's own resolver when nothing is said. */
  readonly resolveSrv?: (name: string) => Promise<readonly SrvRecord[]>;
  /** Where names that are not whole are searched for. Absent: as /etc/resolv.conf says. */
  readonly search?: () => Promise<SearchDomains>;
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
  search = searchDomains,
  clock = systemClock,
  logger = silentLogger,
}: DnsOptions = {}): Registry {
  const asker = (service: string) => {
    const searched = new SearchedName(nameOf(service), { resolveSrv, search, clock });
    return async (): Promise<readonly Instance[]> => {
      const records = await searched.records();
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
  };
  return askedRegistry({ asker, refreshMs, clock, logger });
}

type Searching = Required<Pick<DnsOptions, "resolveSrv" | "search" | "clock">>;

/**
 * A name, until it is known which whole one it stands for: the first that has records. From then on that alone is asked for; unless it has had none for long. Then
 * the others are asked for as well, until it has some again.
 */
class SearchedName {
  readonly #name: string;
  readonly #options: Searching;
  #known: { readonly whole: string; filledMs: number } | undefined;
  /** Whole names that have had records. */
  readonly #filled = new Set<string>();

  constructor(name: string, options: Searching) {
    this.#name = name;
    this.#options = options;
  }

  async records(): Promise<readonly SrvRecord[]> {
    const known = this.#known;
    if (!known) return this.#search();
    const records = await this.#resolve(known.whole);
    const nowMs = this.#options.clock.monotonicMs();
    if (records.length > 0) known.filledMs = nowMs;
    return nowMs - known.filledMs < limits.dnsSearchAgainMs ? records : this.#search();
  }

  async #search(): Promise<readonly SrvRecord[]> {
    const { search, clock } = this.#options;
    // That one of several names cannot be asked for says nothing about the others. Once something is known, it is missed only where there was something.
    let failure: unknown;
    for (const whole of wholeNames(this.#name, await search())) {
      try {
        const records = await this.#resolve(whole);
        if (records.length === 0) continue;
        this.#filled.add(whole);
        this.#known ??= { whole, filledMs: clock.monotonicMs() };
        return records;
      } catch (error) {
        if (!this.#known || this.#filled.has(whole)) failure ??= error;
      }
    }
    if (failure) throw failure;
    return [];
  }

  #resolve(name: string): Promise<readonly SrvRecord[]> {
    return this.#options.resolveSrv(name).catch(noneWhenAbsent);
  }
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
