import type { Answer, RecordType } from "dns-packet";
import type { Random } from "#base";
import { limits } from "../limits.ts";
import type { NamedEndpoint, NamedPort, ServiceNames } from "./names.ts";

/** What the zone says to one question. `undefined` records mean: not our zone, ask upstream. */
export interface ZoneAnswer {
  readonly code: "NOERROR" | "NXDOMAIN";
  readonly answers: readonly Answer[];
  /** The SOA, where there is nothing to answer: how long that may be remembered (RFC 2308). */
  readonly authorities: readonly Answer[];
}

/** The names of one cluster, in memory. Pure: it answers questions and never waits. */
export class Zone {
  readonly #domain: string;
  readonly #random: Random;
  readonly #services = new Map<string, ServiceNames>();
  readonly #namespaces = new Map<string, number>();
  /** Address → the name it stands for, for reverse questions. */
  readonly #reverse = new Map<string, string>();

  constructor(options: { domain: string; random: Random }) {
    this.#domain = options.domain;
    this.#random = options.random;
  }

  set(names: ServiceNames): void {
    const key = `${names.namespace}/${names.name}`;
    this.delete(key);
    this.#services.set(key, names);
    this.#namespaces.set(names.namespace, (this.#namespaces.get(names.namespace) ?? 0) + 1);
    for (const [address, name] of this.#reverseOf(names)) this.#reverse.set(address, name);
  }

  delete(key: string): void {
    const names = this.#services.get(key);
    if (!names) return;
    this.#services.delete(key);
    const left = (this.#namespaces.get(names.namespace) ?? 1) - 1;
    if (left === 0) this.#namespaces.delete(names.namespace);
    else this.#namespaces.set(names.namespace, left);
    for (const [address, name] of this.#reverseOf(names)) {
      if (this.#reverse.get(address) === name) this.#reverse.delete(address);
    }
  }

  services(): ServiceNames[] {
    return [...this.#services.values()];
  }

  /** Undefined when the name is not ours to answer. Names are compared without regard to case (RFC 4343). */
  answer(questionName: string, type: RecordType): ZoneAnswer | undefined {
    const name = questionName.toLowerCase().replace(/\.$/, "");
    if (name.endsWith(".in-addr.arpa")) return this.#answerReverse(questionName, name, type);
    if (name !== this.#domain && !name.endsWith(`.${this.#domain}`)) return undefined;
    const labels = name === this.#domain ? [] : name.slice(0, -this.#domain.length - 1).split(".");
    const found = this.#find(labels);
    if (!found) return { code: "NXDOMAIN", answers: [], authorities: [this.#authority()] };
    const answers = recordsFor(found, type).map(
      (record) => ({ ...record, name: record.name ?? questionName }) as Answer,
    );
    return {
      code: "NOERROR",
      answers: this.#shuffled(answers),
      authorities: answers.length > 0 ? [] : [this.#authority()],
    };
  }

  #answerReverse(questionName: string, name: string, type: RecordType): ZoneAnswer | undefined {
    const address = name.slice(0, -".in-addr.arpa".length).split(".").reverse().join(".");
    const target = this.#reverse.get(address);
    if (target === undefined) return undefined;
    const answers: Answer[] =
      type === "PTR" ? [{ type: "PTR", name: questionName, ttl: limits.dnsTtlSeconds, data: target }] : [];
    return { code: "NOERROR", answers, authorities: answers.length > 0 ? [] : [this.#authority()] };
  }

  /** `labels` read from the right: `svc` or `pod`, then namespace, then service, then what the service offers. */
  #find(labels: readonly string[]): Found | undefined {
    const [kind, namespace, name, ...rest] = [...labels].reverse();
    if (kind === undefined) return { addresses: [] };
    if (kind === "dns-version" && namespace === undefined) return { addresses: [], text: "1.1.0" };
    if (kind === "pod" && namespace !== undefined && rest.length === 0) return this.#findPod(namespace, name);
    if (kind !== "svc") return undefined;
    if (namespace === undefined) return { addresses: [] };
    if (name === undefined) return this.#namespaces.has(namespace) ? { addresses: [] } : undefined;
    const service = this.#services.get(`${namespace}/${name}`);
    return service && this.#findInService(service, rest);
  }

  #findPod(namespace: string, name: string | undefined): Found | undefined {
    if (name === undefined) return this.#namespaces.has(namespace) ? { addresses: [] } : undefined;
    return /^\d{1,3}(-\d{1,3}){3}$/.test(name) ? { addresses: [name.replaceAll("-", ".")] } : undefined;
  }

  #findInService(service: ServiceNames, rest: readonly string[]): Found | undefined {
    const base = this.#nameOf(service);
    if (rest.length === 0) {
      if (service.alias) return { addresses: [], alias: service.alias };
      const addresses =
        service.addresses.length > 0 ? service.addresses : service.endpoints.map(({ address }) => address);
      return { addresses: [...new Set(addresses)], targets: targetsOf(service, base, () => true) };
    }
    const [first, second] = rest as [string, string | undefined];
    if (second === undefined && !first.startsWith("_")) {
      const hosts = service.endpoints.filter(({ hostname }) => hostname === first);
      return hosts.length > 0 ? { addresses: hosts.map(({ address }) => address) } : undefined;
    }
    if (second === undefined || !first.startsWith("_") || !second.startsWith("_") || rest.length > 2)
      return undefined;
    const targets = targetsOf(
      service,
      base,
      (port) => port.protocol === first.slice(1) && port.name === second.slice(1),
    );
    return targets.length > 0 ? { addresses: [], targets } : undefined;
  }

  #nameOf(service: ServiceNames): string {
    return `${service.name}.${service.namespace}.svc.${this.#domain}`;
  }

  #reverseOf(names: ServiceNames): [address: string, name: string][] {
    const base = this.#nameOf(names);
    return [
      ...names.addresses.map((address): [string, string] => [address, base]),
      ...names.endpoints.map(({ address, hostname }): [string, string] => [address, `${hostname}.${base}`]),
    ];
  }

  #authority(): Answer {
    return {
      type: "SOA",
      name: this.#domain,
      ttl: limits.dnsTtlSeconds,
      data: {
        mname: `ns.dns.${this.#domain}`,
        rname: `hostmaster.${this.#domain}`,
        serial: 1,
        refresh: 7200,
        retry: 1800,
        expire: 86400,
        minimum: limits.dnsTtlSeconds,
      },
    };
  }

  /** Clients take the first answer: in random order every endpoint gets its share. */
  #shuffled(answers: Answer[]): Answer[] {
    for (let index = answers.length - 1; index > 0; index -= 1) {
      const other = this.#random.uint32() % (index + 1);
      [answers[index], answers[other]] = [answers[other] as Answer, answers[index] as Answer];
    }
    return answers;
  }
}

/** A name that exists, and what it could answer. */
interface Found {
  readonly addresses: readonly string[];
  readonly targets?: readonly { readonly target: string; readonly port: number; readonly address: string }[];
  readonly alias?: string;
  readonly text?: string;
}

function targetsOf(
  service: ServiceNames,
  base: string,
  wanted: (port: NamedPort) => boolean,
): NonNullable<Found["targets"]> {
  if (service.addresses.length > 0) {
    return service.ports
      .filter((port) => port.name !== "" && wanted(port))
      .map((port) => ({ target: base, port: port.port, address: service.addresses[0] as string }));
  }
  return service.endpoints.flatMap((endpoint: NamedEndpoint) =>
    endpoint.ports
      .filter((port) => port.name !== "" && wanted(port))
      .map((port) => ({
        target: `${endpoint.hostname}.${base}`,
        port: port.port,
        address: endpoint.address,
      })),
  );
}

function recordsFor(found: Found, type: RecordType): (Partial<Answer> & { name?: string })[] {
  const ttl = limits.dnsTtlSeconds;
  if (found.alias !== undefined) return [{ type: "CNAME", ttl, data: found.alias }];
  if (type === "A") {
    return found.addresses
      .filter((address) => !address.includes(":"))
      .map((data) => ({ type: "A", ttl, data }));
  }
  if (type === "SRV") {
    return (found.targets ?? []).map(({ target, port }) => ({
      type: "SRV",
      ttl,
      data: { priority: 0, weight: 100, port, target },
    }));
  }
  if (type === "TXT" && found.text !== undefined) return [{ type: "TXT", ttl, data: found.text }];
  return [];
}
