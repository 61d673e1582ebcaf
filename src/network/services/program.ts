import { limits } from "../limits.ts";
import { type Balance, type Balancer, Balancers } from "./balancers.ts";
import { writeEndpoints } from "./elements.ts";
import { type Answering, Frontends, keyOf } from "./frontends.ts";
import { Marks } from "./marks.ts";
import { Script } from "./script.ts";
import type { Frontend, ServicePort } from "./service-table.ts";

/** Service ports are numbered by the upper bits of connection marks. */
const portNumbers = { first: 1, end: limits.marks / limits.balancerNumbers };

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
  #numbers = new Marks(portNumbers);
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
    this.#numbers = new Marks(portNumbers);
    const script = new Script(this.#table);
    for (const map of ["service-marks", "node-port-marks", "balancers", "endpoints", "slots"]) {
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
    const id = previous?.id ?? this.#numbers.take(port.id) * limits.balancerNumbers;
    const balancer = this.#balancer(script, previous, { endpoints: endpoints.length, affinitySeconds });
    const installed: Answering = { id, balancer, frontends, endpoints, affinitySeconds };
    writeEndpoints(script, previous, installed);
    this.#frontends.replace(previous, installed);
    this.#strandsFlows ||= strandsFlows(previous, installed);
    return installed;
  }

  /** What spreads connections so: what it has, when that still does. */
  #balancer(script: Script, previous: Answering | undefined, next: Balance): Balancer {
    if (previous?.affinitySeconds === next.affinitySeconds && previous?.endpoints.length === next.endpoints) {
      return previous.balancer;
    }
    if (previous) this.#releaseBalancer(script, previous.balancer);
    const { balancer, isNew } = this.#balancers.take(next);
    if (isNew) {
      script.addChain(balancer.chain, balancer.rules);
      script.element("balancers", `${balancer.number}`, undefined, `goto ${balancer.chain}`);
    }
    return balancer;
  }

  #uninstall(script: Script, installed: Answering): void {
    this.#frontends.replace(installed, undefined);
    writeEndpoints(script, installed, undefined);
    this.#numbers.release(installed.id / limits.balancerNumbers);
    this.#strandsFlows ||= strandsFlows(installed, undefined);
    this.#releaseBalancer(script, installed.balancer);
  }

  #releaseBalancer(script: Script, balancer: Balancer): void {
    if (!this.#balancers.release(balancer)) return;
    script.element("balancers", `${balancer.number}`, `goto ${balancer.chain}`, undefined);
    script.deleteChain(balancer.chain);
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
  const isUdp = ({ protocol }: Frontend) => protocol === "udp";
  if (!previous?.frontends.some(isUdp) && !next?.frontends.some(isUdp)) return false;
  if (previous?.endpoints.some((endpoint) => !next?.endpoints.includes(endpoint))) return true;
  const known = new Set(previous?.frontends.map(keyOf));
  return next?.frontends.some((frontend) => isUdp(frontend) && !known.has(keyOf(frontend))) ?? false;
}
