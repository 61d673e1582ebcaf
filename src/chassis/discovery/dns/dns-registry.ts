import { Resolver } from "node:dns/promises";
import { type Clock, systemClock } from "#base";
import type { Instance } from "../instance.ts";
import { limits } from "../limits.ts";
import { pause } from "../pause.ts";
import type { Registry } from "../registry.ts";

export interface DnsOptions {
  /** What stands behind a service's name: `shop.svc.cluster.local`. */
  readonly domain: string;
  /** The port's name, as the SRV record has it. Absent: `http`. */
  readonly port?: string;
  /** Absent: the machine's. */
  readonly servers?: readonly string[];
  readonly clock?: Clock;
}

/**
 * Instances as SRV records name them (RFC 2782): `_http._tcp.orders.shop.svc.cluster.local`, in Kubernetes the pods of a headless service. Of several
 * priorities the most important. DNS tells nobody that something has changed: it is asked when the addresses' TTL is over.
 */
export function dnsRegistry({ domain, port = "http", servers, clock = systemClock }: DnsOptions): Registry {
  return {
    async *watch(service, signal) {
      const resolver = new Resolver({ timeout: limits.answerMs, tries: 2 });
      if (servers) resolver.setServers(servers);
      let before: string | undefined;
      while (!signal.aborted) {
        const { instances, ttlMs } = await lookUp(resolver, service, `_${port}._tcp.${service}.${domain}`);
        const now = JSON.stringify(instances);
        if (now !== before) yield instances;
        before = now;
        const ageMs = Math.min(Math.max(ttlMs, limits.minDnsAgeMs), limits.maxDnsAgeMs);
        await pause(clock, ageMs, signal);
      }
    },
  };
}

interface Found {
  readonly instances: readonly Instance[];
  readonly ttlMs: number;
}

async function lookUp(resolver: Resolver, service: string, name: string): Promise<Found> {
  const records = await resolver.resolveSrv(name).catch(none);
  const priority = Math.min(...records.map((record) => record.priority));
  const targets = records.filter((record) => record.priority === priority);
  const resolved = await Promise.all(
    targets.map(async (target) => {
      const addresses = await addressesOf(resolver, target.name);
      // A weight of 0 has no meaning to DNS but "hardly ever", and none among equals.
      const weight = Math.max(1, target.weight);
      return addresses.map(({ address, ttl }) => ({ address, ttl, weight, port: target.port }));
    }),
  );
  const found = resolved.flat();
  const instances = found
    .map(({ address, port, weight }) => ({ service, id: `${address}:${port}`, host: address, port, weight }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  return { instances, ttlMs: Math.min(...found.map(({ ttl }) => ttl * 1000), limits.maxDnsAgeMs) };
}

async function addressesOf(resolver: Resolver, name: string): Promise<{ address: string; ttl: number }[]> {
  const [four, six] = await Promise.all([
    resolver.resolve4(name, { ttl: true }).catch(none),
    resolver.resolve6(name, { ttl: true }).catch(none),
  ]);
  // One that has both is still one instance.
  return four.length > 0 ? four : six;
}

/** That there is no such name, or no such record, is an answer: there are no instances. */
function none(error: NodeJS.ErrnoException): [] {
  if (error.code === "ENOTFOUND" || error.code === "ENODATA") return [];
  throw error;
}
