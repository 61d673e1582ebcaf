import { type IPAddress, ipAddresses, type Service } from "#api";
import { type Clock, internalError, type Random, type StatusCause, timestamp } from "#base";
import { decode, encode } from "../registry/bytes.ts";
import { keyOf } from "../registry/keys.ts";
import { type AddressRange, contains, toAddress, toNumber } from "./address-range.ts";
import type { Claims } from "./claims.ts";
import { addressingOf } from "./families.ts";
import { pickFree, reservedPart } from "./pick.ts";

/**
 * Cluster addresses of services. Each is one `IPAddress` object, as Kubernetes keeps them (KEP-1880): its name is the
 * address, so that two services can never hold the same one.
 */
export interface ClusterAddresses {
  /** The addresses that a stored service holds. */
  held(service: Service | undefined): string[];
  /** Gives `service` an address, or takes the ones it asks for. Changes `service.spec`; returns what is wrong. */
  assign(service: Service, held: readonly string[], claims: Claims): StatusCause[];
  release(addresses: readonly string[], service: Service, claims: Claims): void;
}

export function clusterAddresses(options: {
  readonly range: AddressRange;
  readonly clock: Clock;
  readonly random: Random;
}): ClusterAddresses {
  const { range, clock, random } = options;
  const reserved = reservedPart(range.size, { divisor: 16, least: 16, most: 256 });
  const take = (address: string, service: Service, claims: Claims) => {
    claims.take(addressKey(address), encode(record(address, service, { clock, random })));
  };
  return {
    held: (service) => (addressingOf(service?.spec) === "addressed" ? asked(service) : []),
    assign(service, held, claims) {
      const { spec } = service;
      if (!spec || addressingOf(spec) !== "addressed") return [];
      if (asked(service).length === 0 && held.length === 0) {
        const offset = pickFree({
          size: range.size,
          reserved,
          random,
          isTaken: (candidate) => claims.isTaken(addressKey(toAddress(range.first + candidate))),
        });
        if (offset === undefined) throw internalError("failed to allocate a serviceIP: range is full");
        const address = toAddress(range.first + offset);
        take(address, service, claims);
        setAddresses(service, [address]);
        return [];
      }
      const wanted = asked(service).length > 0 ? asked(service) : [...held];
      setAddresses(service, wanted);
      const causes: StatusCause[] = [];
      for (const address of wanted.filter((each) => !held.includes(each))) {
        const problem = refusal(range, address, claims);
        if (problem) causes.push(causeOf(wanted, address, problem));
        else take(address, service, claims);
      }
      return causes;
    },
    release(addresses, service, claims) {
      for (const address of addresses) {
        claims.giveBack(addressKey(address), (value) => belongsTo(decode(value) as IPAddress, service));
      }
    },
  };
}

/** The store key of the record of an address. */
export function addressKey(address: string): string {
  return keyOf(ipAddresses, toAddress(toNumber(address)));
}

function asked(service: Service | undefined): string[] {
  const { clusterIP, clusterIPs } = service?.spec ?? {};
  if (clusterIPs?.length) return clusterIPs.filter((address) => address !== "");
  return clusterIP ? [clusterIP] : [];
}

function setAddresses(service: Service, addresses: string[]): void {
  const { spec } = service;
  if (!spec) return;
  spec.clusterIP = addresses[0] ?? "";
  spec.clusterIPs = addresses;
}

function refusal(range: AddressRange, address: string, claims: Claims): string | undefined {
  if (!contains(range, address)) {
    return `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${range.text}`;
  }
  return claims.isTaken(addressKey(address)) ? "provided IP is already allocated" : undefined;
}

function causeOf(wanted: readonly string[], address: string, problem: string): StatusCause {
  return {
    reason: "FieldValueInvalid",
    field: "spec.clusterIPs",
    message: `Invalid value: ${JSON.stringify(wanted)}: failed to allocate IP ${address}: ${problem}`,
  };
}

function record(address: string, service: Service, from: { clock: Clock; random: Random }): IPAddress {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "IPAddress",
    metadata: {
      name: address,
      uid: from.random.uuid(),
      creationTimestamp: timestamp(from.clock),
      labels: {
        "ipaddress.kubernetes.io/ip-family": "IPv4",
        "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
      },
    },
    spec: {
      parentRef: {
        group: "",
        resource: "services",
        namespace: service.metadata?.namespace ?? "",
        name: service.metadata?.name ?? "",
      },
    },
  };
}

function belongsTo(address: IPAddress, service: Service): boolean {
  const parent = address.spec?.parentRef;
  return parent?.namespace === service.metadata?.namespace && parent?.name === service.metadata?.name;
}
