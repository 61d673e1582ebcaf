import { assert } from "#base";
import { limits } from "../limits.ts";
import { Balancers } from "./balancers.ts";
import type { Frontend, ServicePort } from "./service-table.ts";

/**
 * What the kernel's table holds now, and the smallest ruleset that makes it hold something else. Pure: it writes text
 * for `nft`; the caller applies it and, when that fails, starts over with `reset`.
 */
export class ServiceProgram {
  readonly #table: string;
  readonly #installed = new Map<string, Installed>();
  /** How many service ports use an address pair for hairpin masquerade. */
  readonly #hairpins = new Map<string, number>();
  #balancers = new Balancers(limits.balancers);
  #nextId = 1;

  constructor(table: string) {
    this.#table = table;
  }

  /**
   * The ruleset that turns what is installed for a service into `wanted`; empty when nothing changes. The caller must
   * apply what it gets, in order.
   */
  replace(serviceKey: string, wanted: readonly ServicePort[]): string {
    const script = new Script(this.#table);
    const keep = new Set<string>();
    for (const port of wanted) {
      if (port.endpoints.length > 0) {
        keep.add(port.id);
        this.#replacePort(script, serviceKey, port);
      }
    }
    for (const [id, installed] of this.#installed) {
      if (installed.serviceKey === serviceKey && !keep.has(id)) this.#removePort(script, id, installed);
    }
    return script.toString();
  }

  /** The ruleset that installs everything from nothing, whatever the kernel holds: for the first time and after a failure. */
  reset(
    services: Iterable<readonly [serviceKey: string, ports: readonly ServicePort[]]>,
    chains: readonly string[],
  ): string {
    this.#installed.clear();
    this.#hairpins.clear();
    this.#balancers = new Balancers(limits.balancers);
    this.#nextId = 1;
    const script = new Script(this.#table);
    for (const map of ["services", "service-ids", "node-ports", "node-port-ids", "endpoints"]) {
      script.head(`flush map ip ${this.#table} ${map}`);
    }
    script.head(`flush set ip ${this.#table} hairpin`);
    for (const chain of chains) script.head(`delete chain ip ${this.#table} ${chain}`);
    for (const [serviceKey, ports] of services) {
      for (const port of ports) if (port.endpoints.length > 0) this.#install(script, serviceKey, port);
    }
    return script.toString();
  }

  #replacePort(script: Script, serviceKey: string, port: ServicePort): void {
    const installed = this.#installed.get(port.id);
    if (installed && samePort(installed.port, port)) return;
    if (installed) this.#uninstall(script, installed);
    this.#install(script, serviceKey, port);
  }

  #removePort(script: Script, id: string, installed: Installed): void {
    this.#uninstall(script, installed);
    this.#installed.delete(id);
  }

  #install(script: Script, serviceKey: string, port: ServicePort): void {
    const endpoints = port.endpoints.slice(0, limits.endpointsPerPort);
    const { chain, rules, isNew } = this.#balancers.take(port.balance, endpoints.length);
    if (isNew) script.chain(chain, rules);
    const id = this.#newId();
    endpoints.forEach((endpoint, index) => {
      script.add("endpoints", `${id} . ${index} : ${endpoint}`);
      this.#hairpin(script, endpoint, 1);
    });
    for (const frontend of port.frontends) {
      const maps = mapsOf(frontend);
      script.add(maps.ids, `${keyOf(frontend)} : ${id}`);
      script.add(maps.verdicts, `${keyOf(frontend)} : goto ${chain}`);
    }
    this.#installed.set(port.id, { serviceKey, port: { ...port, endpoints }, chain, id });
  }

  #uninstall(script: Script, installed: Installed): void {
    for (const frontend of installed.port.frontends) {
      const maps = mapsOf(frontend);
      script.delete(maps.ids, keyOf(frontend));
      script.delete(maps.verdicts, keyOf(frontend));
    }
    installed.port.endpoints.forEach((endpoint, index) => {
      script.delete("endpoints", `${installed.id} . ${index}`);
      this.#hairpin(script, endpoint, -1);
    });
    if (this.#balancers.release(installed.chain)) script.removeChain(installed.chain);
  }

  #hairpin(script: Script, endpoint: string, by: 1 | -1): void {
    const address = endpoint.split(" ")[0] as string;
    const users = (this.#hairpins.get(address) ?? 0) + by;
    assert(users >= 0, `hairpin of ${address} released more often than taken`);
    if (users === 0) this.#hairpins.delete(address);
    else this.#hairpins.set(address, users);
    script.hairpin(address, users, by);
  }

  /** A number of its own for each installed version, so that no packet meets half of an old and half of a new one. */
  #newId(): number {
    assert(this.#nextId < limits.marks, "numbers of service ports are used up; reset starts them over");
    this.#nextId += 1;
    return this.#nextId - 1;
  }
}

interface Installed {
  readonly serviceKey: string;
  readonly port: ServicePort;
  readonly chain: string;
  /** The connection mark under which the endpoints map knows it. */
  readonly id: number;
}

function samePort(a: ServicePort, b: ServicePort): boolean {
  return (
    a.balance === b.balance &&
    a.endpoints.join() === b.endpoints.slice(0, limits.endpointsPerPort).join() &&
    a.frontends.map(keyOf).join() === b.frontends.map(keyOf).join()
  );
}

function mapsOf(frontend: Frontend): { verdicts: string; ids: string } {
  return frontend.type === "address"
    ? { verdicts: "services", ids: "service-ids" }
    : { verdicts: "node-ports", ids: "node-port-ids" };
}

function keyOf(frontend: Frontend): string {
  const port = `${frontend.protocol} . ${frontend.port}`;
  return frontend.type === "address" ? `${frontend.address} . ${port}` : port;
}

/** Collects statements and writes them in an order that `nft` accepts as one transaction. */
class Script {
  readonly #table: string;
  readonly #head: string[] = [];
  /** Chains to make and to delete; one that is given back and taken again in one program stays as it is. */
  readonly #newChains = new Map<string, readonly string[]>();
  readonly #oldChains = new Set<string>();
  readonly #deletions = new Map<string, Set<string>>();
  readonly #additions = new Map<string, Set<string>>();
  readonly #hairpins = new Map<string, { before: boolean; after: boolean }>();

  constructor(table: string) {
    this.#table = table;
  }

  head(statement: string): void {
    this.#head.push(statement);
  }

  chain(chain: string, rules: readonly string[]): void {
    if (!this.#oldChains.delete(chain)) this.#newChains.set(chain, rules);
  }

  removeChain(chain: string): void {
    if (!this.#newChains.delete(chain)) this.#oldChains.add(chain);
  }

  add(map: string, element: string): void {
    collect(this.#additions, map, element);
  }

  delete(map: string, key: string): void {
    collect(this.#deletions, map, key);
  }

  hairpin(address: string, usersNow: number, by: 1 | -1): void {
    const seen = this.#hairpins.get(address);
    this.#hairpins.set(address, { before: seen?.before ?? usersNow - by > 0, after: usersNow > 0 });
  }

  toString(): string {
    for (const [address, { before, after }] of this.#hairpins) {
      if (before === after) continue;
      collect(after ? this.#additions : this.#deletions, "hairpin", `${address} . ${address}`);
    }
    const chains = Array.from(
      this.#newChains,
      ([chain, rules]) => `  chain ${chain} {\n    ${rules.join("\n    ")}\n  }`,
    );
    const lines = [
      ...this.#head,
      ...this.#elements("delete", this.#deletions),
      ...Array.from(this.#oldChains, (chain) => `delete chain ip ${this.#table} ${chain}`),
      ...(chains.length > 0 ? [`table ip ${this.#table} {`, ...chains, "}"] : []),
      ...this.#elements("add", this.#additions),
    ];
    return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
  }

  *#elements(verb: "add" | "delete", byMap: ReadonlyMap<string, ReadonlySet<string>>): Generator<string> {
    for (const [map, elements] of byMap) {
      const all = [...elements];
      for (let start = 0; start < all.length; start += limits.elementsPerStatement) {
        const some = all.slice(start, start + limits.elementsPerStatement);
        yield `${verb} element ip ${this.#table} ${map} { ${some.join(", ")} }`;
      }
    }
  }
}

function collect(into: Map<string, Set<string>>, map: string, element: string): void {
  const elements = into.get(map);
  if (elements) elements.add(element);
  else into.set(map, new Set([element]));
}
