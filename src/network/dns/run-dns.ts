import type { EndpointSlice, Service } from "#api";
import { type Clock, type Logger, messageOf, type Random } from "#base";
import type { Informer } from "#client";
import type { Host } from "#host";
import { limits } from "../limits.ts";
import { listen } from "./listener.ts";
import { namesOf, type ServiceNames } from "./names.ts";
import { createResponder } from "./responder.ts";
import type { Upstream } from "./upstream.ts";
import { Zone } from "./zone.ts";

export interface DnsOptions {
  readonly host: Host;
  readonly services: Informer<Service>;
  readonly slices: Informer<EndpointSlice>;
  readonly address: string;
  readonly port: number;
  readonly domain: string;
  /** Where the last known names are kept, for a start without an API server. */
  readonly stateFile: string;
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

interface StateFile {
  readonly formatVersion: 1;
  readonly services: readonly ServiceNames[];
}

/**
 * Answers for the cluster's names, from memory, whatever the API server and the agent do; starts from the last known
 * names, so that a restart during an outage answers too. Resolves when the signal aborts.
 */
export async function runDns(options: DnsOptions): Promise<void> {
  const { host, services, slices, logger, signal } = options;
  const zone = new Zone({ domain: options.domain, random: options.random });
  for (const names of await readState(host, options.stateFile, logger)) zone.set(names);
  const responder = createResponder(zone, options.upstream);
  const listener = await listen({ address: options.address, port: options.port, responder });
  logger.info("dns answers", { address: options.address, port: listener.port, domain: options.domain });

  slices.addIndex("service", (slice) => [serviceKeyOf(slice)]);
  const keep = keeper(options, zone);
  const update = (key: string) => {
    const service = services.getByKey(key);
    if (service) zone.set(namesOf(service, slices.byIndex("service", key)));
    else if (services.isSynced) zone.delete(key);
    keep();
  };
  const ofService = (service: Service) => update(`${service.metadata?.namespace}/${service.metadata?.name}`);
  const ofSlice = (slice: EndpointSlice) => update(serviceKeyOf(slice));
  services.addHandler({ added: ofService, updated: ofService, deleted: ofService });
  slices.addHandler({ added: ofSlice, updated: ofSlice, deleted: ofSlice });
  void forgetStale(options, zone, keep);

  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await listener.close();
}

/** Names read from disk that no service has any more go away once all services are known. */
async function forgetStale({ services, slices }: DnsOptions, zone: Zone, keep: () => void): Promise<void> {
  try {
    await Promise.all([services.synced, slices.synced]);
  } catch {
    return;
  }
  for (const { namespace, name } of zone.services()) {
    if (!services.getByKey(`${namespace}/${name}`)) zone.delete(`${namespace}/${name}`);
  }
  keep();
}

/** Writes the names down, at most once per interval, however often it is called. */
function keeper({ host, stateFile, clock, logger }: DnsOptions, zone: Zone): () => void {
  let pending = false;
  return () => {
    if (pending) return;
    pending = true;
    clock.setTimer(
      limits.dnsStateIntervalMs,
      () => {
        pending = false;
        const state: StateFile = { formatVersion: 1, services: zone.services() };
        host.files
          .write(stateFile, JSON.stringify(state), { mode: 0o600, durable: false })
          .catch((error: unknown) =>
            logger.warn("cannot keep the names of services", { error: messageOf(error) }),
          );
      },
      { unref: true },
    );
  };
}

async function readState(host: Host, path: string, logger: Logger): Promise<readonly ServiceNames[]> {
  const text = await host.files.read(path);
  if (text === undefined) return [];
  try {
    const state = JSON.parse(text) as StateFile;
    return state.formatVersion === 1 ? state.services : [];
  } catch (error) {
    logger.warn("the kept names cannot be read and are ignored", { path, error: messageOf(error) });
    return [];
  }
}

function serviceKeyOf(slice: EndpointSlice): string {
  return `${slice.metadata?.namespace}/${slice.metadata?.labels?.["kubernetes.io/service-name"] ?? ""}`;
}
