import { assert } from "#base";
import { limits } from "../limits.ts";
import { Balancers } from "./balancers.ts";
import { Frontends, keyOf } from "./frontends.ts";
import { Script } from "./script.ts";
import type { Frontend, ServicePort } from "./service-table.ts";

/** One service as it shall be: no ports when it is gone. */
export type WantedService = readonly [serviceKey: string, ports: readonly ServicePort[]];

/**
 * What the kernel's table holds now, and the smallest ruleset that makes it hold something else. Pure: it writes text
 * for `nft`; the caller applies it and, when that fails, starts over with `reset`.
 */
export class ServiceProgram {
  readonly #table: string;
  /** What is installed: by service, then by the port's id. */
  readonly #services = new Map<string, ReadonlyMap<string, Installed>>();
  readonly #frontends = new Frontends();
  #balancers = new Balancers(limits.balancers);
  #nextId = 1;

  constructor(table: string) {
    this.#table = table;
  }

  /**
   * The ruleset that turns what is installed for some services into what is wanted, as one transaction; empty when nothing
   * changes. The caller must apply what it gets, in order.
   */
  replace(services: Iterable<WantedService>): string {
    const script = new Script(this.#table);
    for (const [key, ports] of services) this.#replaceService(script, key, ports);
    this.#frontends.write(script);
    return script.toString();
  }

  /** The ruleset that installs everything from nothing, whatever the kernel holds: for the first time and after a failure. */
  reset(services: Iterable<WantedService>, chains: readonly string[]): string {
    this.#services.clear();
    this.#frontends.clear();
    this.#balancers = new Balancers(limits.balancers);
    this.#nextId = 1;
    const script = new Script(this.#table);
    for (const map of ["services", "service-ids", "node-ports", "node-port-ids", "endpoints"]) {
      script.head(`flush map ip ${this.#table} ${map}`);
    }
    for (const chain of chains) script.head(`delete chain ip ${this.#table} ${chain}`);
    for (const [key, ports] of services) this.#replaceService(script, key, ports);
    this.#frontends.write(script);
    return script.toString();
  }

  #replaceService(script: Script, key: string, wanted: readonly ServicePort[]): void {
    const before = this.#services.get(key);
    const after = new Map<string, Installed>();
    for (const port of wanted) {
      if (port.endpoints.length > 0) after.set(port.id, this.#install(script, before?.get(port.id), port));
    }
    for (const [id, installed] of before ?? []) if (!after.has(id)) this.#uninstall(script, installed);
    if (after.size > 0) this.#services.set(key, after);
    else this.#services.delete(key);
  }

  /** Writes the difference between what is installed and what is wanted. */
  #install(script: Script, previous: Installed | undefined, port: ServicePort): Installed {
    const endpoints = port.endpoints.slice(0, limits.endpointsPerPort);
    if (previous && isSame(previous, port, endpoints)) return previous;
    const { frontends, balance } = port;
    const id = previous?.id ?? this.#newId();
    const chain = this.#balancer(script, previous, { balance, endpoints });
    const installed: Installed = { id, chain, frontends, endpoints, balance };
    writeEndpoints(script, previous, installed);
    this.#frontends.replace(previous, installed);
    return installed;
  }

  /** The chain for so many endpoints: the one it has, when that still fits. */
  #balancer(
    script: Script,
    previous: Installed | undefined,
    next: Pick<Installed, "balance" | "endpoints">,
  ): string {
    if (previous?.balance === next.balance && previous.endpoints.length === next.endpoints.length) {
      return previous.chain;
    }
    if (previous) this.#releaseBalancer(script, previous);
    const { chain, rules, isNew } = this.#balancers.take(next.balance, next.endpoints.length);
    if (isNew) script.addChain(chain, rules);
    return chain;
  }

  #uninstall(script: Script, installed: Installed): void {
    this.#frontends.replace(installed, undefined);
    writeEndpoints(script, installed, { ...installed, endpoints: [] });
    this.#releaseBalancer(script, installed);
  }

  #releaseBalancer(script: Script, { chain }: Installed): void {
    if (this.#balancers.release(chain)) script.deleteChain(chain);
  }

  #newId(): number {
    assert(this.#nextId < limits.marks, "numbers of service ports are used up; reset starts them over");
    this.#nextId += 1;
    return this.#nextId - 1;
  }
}

interface Installed {
  /** The connection mark under which the endpoints map knows it, as long as it is installed. */
  readonly id: number;
  readonly chain: string;
  readonly frontends: readonly Frontend[];
  readonly endpoints: readonly string[];
  readonly balance: ServicePort["balance"];
}

function isSame(installed: Installed, port: ServicePort, endpoints: readonly string[]): boolean {
  return (
    installed.balance === port.balance &&
    installed.endpoints.join() === endpoints.join() &&
    installed.frontends.map(keyOf).join() === port.frontends.map(keyOf).join()
  );
}

function writeEndpoints(script: Script, previous: Installed | undefined, next: Installed): void {
  const count = Math.max(previous?.endpoints.length ?? 0, next.endpoints.length);
  for (let index = 0; index < count; index += 1) {
    const before = previous?.endpoints[index];
    const after = next.endpoints[index];
    script.element("endpoints", `${next.id} . ${index}`, before, after);
  }
}
