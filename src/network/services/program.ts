import { limits } from "../limits.ts";
import { type Balance, Balancers } from "./balancers.ts";
import { writeEndpoints } from "./elements.ts";
import { type Answering, Frontends, keyOf } from "./frontends.ts";
import { Marks } from "./marks.ts";
import { Script } from "./script.ts";
import type { Frontend, ServicePort } from "./service-table.ts";

/** One service as it shall be: no ports when it is gone. */
export type WantedService = readonly [serviceKey: string, ports: readonly ServicePort[]];

/** How to get to what is wanted. */
export interface ServiceChange {
  /** One transaction; empty when the table is right as it is. The caller must apply what it gets, in order. */
  readonly ruleset: string;
  /** Whether UDP flows may go on past it, to endpoints that are gone or as before a frontend was there. */
  readonly strandsFlows: boolean;
}

/**
 * What the kernel's table holds now, and the smallest ruleset that makes it hold something else. Pure: it writes text
 * for `nft`; the caller applies it and, when that fails, starts over with `reset`.
 */
export class ServiceProgram {
  readonly #table: string;
  /** What is installed: by service, then by the port's id. */
  readonly #services = new Map<string, ReadonlyMap<string, Answering>>();
  readonly #frontends = new Frontends();
  #balancers = new Balancers(limits.balancers);
  #ids = new Marks(1);
  #strandsFlows = false;

  constructor(table: string) {
    this.#table = table;
  }

  /** Turns what is installed for some services into what is wanted. */
  replace(services: Iterable<WantedService>): ServiceChange {
    return this.#write(new Script(this.#table), services);
  }

  /** Installs everything from nothing, whatever the kernel holds: for the first time and after a failure. */
  reset(services: Iterable<WantedService>, chains: readonly string[]): ServiceChange {
    this.#services.clear();
    this.#frontends.clear();
    this.#balancers = new Balancers(limits.balancers);
    this.#ids = new Marks(1);
    const script = new Script(this.#table);
    for (const map of ["services", "service-ids", "node-ports", "node-port-ids", "endpoints", "slots"]) {
      script.head(`flush map ip ${this.#table} ${map}`);
    }
    for (const chain of chains) script.head(`delete chain ip ${this.#table} ${chain}`);
    return this.#write(script, services);
  }

  /** The endpoints behind a frontend, as of the last change; undefined when nobody answers on it. */
  endpointsOf(frontend: Frontend): readonly string[] | undefined {
    return this.#frontends.answering(frontend)?.endpoints;
  }

  #write(script: Script, services: Iterable<WantedService>): ServiceChange {
    this.#strandsFlows = false;
    for (const [key, ports] of services) this.#replaceService(script, key, ports);
    this.#frontends.write(script);
    return { ruleset: script.toString(), strandsFlows: this.#strandsFlows };
  }

  #replaceService(script: Script, key: string, wanted: readonly ServicePort[]): void {
    const before = this.#services.get(key);
    const after = new Map<string, Answering>();
    for (const port of wanted) {
      if (port.endpoints.length > 0) after.set(port.id, this.#install(script, before?.get(port.id), port));
    }
    for (const [id, installed] of before ?? []) if (!after.has(id)) this.#uninstall(script, installed);
    if (after.size > 0) this.#services.set(key, after);
    else this.#services.delete(key);
  }

  /** Writes the difference between what is installed and what is wanted. */
  #install(script: Script, previous: Answering | undefined, port: ServicePort): Answering {
    const endpoints = port.endpoints.slice(0, limits.endpointsPerPort);
    if (previous && isSame(previous, port, endpoints)) return previous;
    const { frontends, affinitySeconds } = port;
    const id = previous?.id ?? this.#ids.take(port.id);
    const chain = this.#balancer(script, previous, { endpoints: endpoints.length, affinitySeconds });
    const installed: Answering = { id, chain, frontends, endpoints, affinitySeconds };
    writeEndpoints(script, previous, installed);
    this.#frontends.replace(previous, installed);
    this.#strandsFlows ||= strandsFlows(previous, installed);
    return installed;
  }

  /** The chain for so many endpoints: the one it has, when that still fits. */
  #balancer(script: Script, previous: Answering | undefined, next: Balance): string {
    if (previous?.affinitySeconds === next.affinitySeconds && previous?.endpoints.length === next.endpoints) {
      return previous.chain;
    }
    if (previous) this.#releaseBalancer(script, previous);
    const { chain, rules, isNew } = this.#balancers.take(next);
    if (isNew) script.addChain(chain, rules);
    return chain;
  }

  #uninstall(script: Script, installed: Answering): void {
    this.#frontends.replace(installed, undefined);
    writeEndpoints(script, installed, undefined);
    this.#ids.release(installed.id);
    this.#strandsFlows ||= strandsFlows(installed, undefined);
    this.#releaseBalancer(script, installed);
  }

  #releaseBalancer(script: Script, { chain }: Answering): void {
    if (this.#balancers.release(chain)) script.deleteChain(chain);
  }
}

function isSame(installed: Answering, port: ServicePort, endpoints: readonly string[]): boolean {
  return (
    installed.affinitySeconds === port.affinitySeconds &&
    installed.endpoints.join() === endpoints.join() &&
    installed.frontends.map(keyOf).join() === port.frontends.map(keyOf).join()
  );
}

/** An endpoint left, or a frontend came: connection tracking knows flows that began before. */
function strandsFlows(previous: Answering | undefined, next: Answering | undefined): boolean {
  const known = new Set(previous?.frontends.map(keyOf));
  const left = previous?.endpoints.some((endpoint) => !next?.endpoints.includes(endpoint)) ?? false;
  const frontends = left ? (previous?.frontends ?? []) : (next?.frontends ?? []);
  return frontends.some((frontend) => frontend.protocol === "udp" && (left || !known.has(keyOf(frontend))));
}
