import type { EndpointSlice, Service } from "#api";
import { type Clock, isAborted, type Logger, messageOf } from "#base";
import type { Informer } from "#client";
import type { Host } from "#host";
import { limits } from "../limits.ts";
import { type KeptNft, openKeptNft } from "../machine/kept-nft.ts";
import type { NetworkConfig } from "../network.ts";
import { balancerChain } from "./balancers.ts";
import type { Departures } from "./departures.ts";
import { ServiceProgram, type WantedService } from "./program.ts";
import { servicePorts } from "./service-table.ts";
import { cutStrandedFlows } from "./stranded-flows.ts";

export interface ServiceProxyOptions {
  readonly host: Host;
  readonly config: NetworkConfig;
  readonly nodeName: string;
  readonly services: Informer<Service>;
  readonly slices: Informer<EndpointSlice>;
  /** Told when the kernel has caught up with the informers. */
  readonly departures: Departures;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** The label that says which service a slice belongs to. */
const serviceNameLabel = "kubernetes.io/service-name";

/**
 * Keeps the kernel's service table as the API says. Nothing is touched before both informers have seen everything, so a
 * restart leaves traffic as it is; then the table is replaced in one transaction, and after that only what changed. A
 * program that fails is followed by a full one, with back-off. Resolves when the signal aborts.
 */
export async function runServiceProxy(options: ServiceProxyOptions): Promise<void> {
  const { host, config, services, slices, signal } = options;
  slices.addIndex("service", (slice) => [serviceOf(slice)]);
  const changed = new Changed(options.departures);
  const ofSlice = (slice: EndpointSlice) => changed.add(serviceOf(slice));
  const ofService = (service: Service) =>
    changed.add(`${service.metadata?.namespace}/${service.metadata?.name}`);
  const stop = [
    services.addHandler({ added: ofService, updated: ofService, deleted: ofService }),
    slices.addHandler({ added: ofSlice, updated: ofSlice, deleted: ofSlice }),
  ];
  const table = openKeptNft(host, `${config.stateDirectory}/services.nft`);
  try {
    await Promise.all([services.synced, slices.synced]);
    await programForever(options, changed, table);
  } catch (error) {
    if (!signal.aborted && !isAborted(error)) throw error;
  } finally {
    for (const end of stop) end();
    await table.close();
  }
}

async function programForever(options: ServiceProxyOptions, changed: Changed, table: KeptNft): Promise<void> {
  const { host, config, clock, logger, signal } = options;
  const program = new ServiceProgram(config.table);
  let pauseMs: number = limits.retryMs.first;
  let everything = true;
  while (!signal.aborted) {
    const keys = changed.take();
    try {
      const { ruleset, strandsFlows } = everything
        ? program.reset(everyService(options), await serviceChains(host, config.table))
        : program.replace(keys.map((key) => wanted(options, key)));
      if (ruleset !== "") await table.apply(ruleset);
      if (strandsFlows) await cutFlows(options, program);
      everything = false;
      pauseMs = limits.retryMs.first;
      changed.taken();
      await changed.wait(signal);
    } catch (error) {
      if (signal.aborted) return;
      logger.error("cannot program services; all of them will be programmed anew", {
        error: messageOf(error),
        pauseMs,
      });
      everything = true;
      await clock.sleep(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, limits.retryMs.longest);
    }
  }
}

/** Flows that cannot be cut are no reason to keep services from changing. */
async function cutFlows(
  { host, config, logger }: ServiceProxyOptions,
  program: ServiceProgram,
): Promise<void> {
  try {
    await cutStrandedFlows(host, config, (frontend) => program.endpointsOf(frontend));
  } catch (error) {
    logger.warn("UDP flows to endpoints that are gone are not cut", { error: messageOf(error) });
  }
}

function* everyService(options: ServiceProxyOptions): Generator<WantedService> {
  for (const service of options.services.values()) {
    yield wanted(options, `${service.metadata?.namespace}/${service.metadata?.name}`);
  }
}

function wanted({ services, slices, nodeName, config }: ServiceProxyOptions, key: string): WantedService {
  const service = services.getByKey(key);
  const node = { name: nodeName, network: config };
  return [key, service ? servicePorts(service, slices.byIndex("service", key), node) : []];
}

/** The service chains that an earlier run left in the table. */
async function serviceChains(host: Host, table: string): Promise<string[]> {
  const listed = await host.run({
    program: "nft",
    arguments: ["-j", "list", "chains", "ip"],
    timeoutMs: limits.commandTimeoutMs,
  });
  const { nftables } = JSON.parse(listed.stdout) as {
    nftables: { chain?: { table: string; name: string } }[];
  };
  return nftables.flatMap(({ chain }) =>
    chain?.table === table && balancerChain.test(chain.name) ? [chain.name] : [],
  );
}

function serviceOf(slice: EndpointSlice): string {
  return `${slice.metadata?.namespace}/${slice.metadata?.labels?.[serviceNameLabel] ?? ""}`;
}

/** Keys that changed since they were last taken, and a way to wait for the next. */
class Changed {
  readonly #departures: Departures;
  #keys = new Set<string>();
  #wake: () => void = () => {};

  constructor(departures: Departures) {
    this.#departures = departures;
  }

  add(key: string): void {
    this.#departures.fellBehind();
    this.#keys.add(key);
    this.#wake();
  }

  take(): string[] {
    const keys = [...this.#keys];
    this.#keys.clear();
    return keys;
  }

  /** What was taken has been programmed. */
  taken(): void {
    if (this.#keys.size === 0) this.#departures.caughtUp();
  }

  /** Resolves at once when something is there. */
  async wait(signal: AbortSignal): Promise<void> {
    if (this.#keys.size > 0) return;
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      this.#wake = () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
    });
    this.#wake = () => {};
  }
}
