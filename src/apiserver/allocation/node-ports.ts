import type { Service, ServicePort, ServiceSpec } from "#api";
import { internalError, type Random, type StatusCause } from "#base";
import type { Claims } from "./claims.ts";
import { pickFree, reservedPart } from "./pick.ts";

/** Inclusive. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Node ports of services. Each is one key, holding who has it. */
export interface NodePorts {
  /** The ports that a stored service holds. */
  held(service: Service | undefined): number[];
  /** Gives every port that needs one a node port, or takes what is asked for. Changes `service.spec`. */
  assign(service: Service, held: readonly number[], claims: Claims): StatusCause[];
  release(ports: readonly number[], service: Service, claims: Claims): void;
}

export function nodePorts(options: { readonly range: PortRange; readonly random: Random }): NodePorts {
  const { range, random } = options;
  const size = range.last - range.first + 1;
  const reserved = reservedPart(size, { divisor: 32, least: 16, most: 128 });

  const pick = (claims: Claims, service: Service): number => {
    const isTaken = (offset: number) => claims.isTaken(portKey(range.first + offset));
    const offset = pickFree({ size, reserved, random, isTaken });
    if (offset === undefined) throw internalError("failed to allocate a nodePort: range is full");
    claims.take(portKey(range.first + offset), ownerBytes(service));
    return range.first + offset;
  };
  const claim = (port: number, field: string, service: Service, claims: Claims): StatusCause[] => {
    const problem = refusal(range, port, claims);
    if (problem) {
      return [{ reason: "FieldValueInvalid", field, message: `Invalid value: ${port}: ${problem}` }];
    }
    claims.take(portKey(port), ownerBytes(service));
    return [];
  };

  return {
    held,
    assign(service, held, claims) {
      const { spec } = service;
      if (!spec) return [];
      const causes: StatusCause[] = [];
      const mine = new Set(held);
      (spec.ports ?? []).forEach((port, index) => {
        if (!port.nodePort || mine.has(port.nodePort)) return;
        causes.push(...claim(port.nodePort, `spec.ports[${index}].nodePort`, service, claims));
        mine.add(port.nodePort);
      });
      if (causes.length === 0 && wantsNodePorts(spec)) {
        for (const port of spec.ports ?? [])
          port.nodePort ||= sharedPort(spec.ports ?? [], port) ?? pick(claims, service);
      }
      if (spec.healthCheckNodePort && !mine.has(spec.healthCheckNodePort)) {
        causes.push(...claim(spec.healthCheckNodePort, "spec.healthCheckNodePort", service, claims));
      } else if (!spec.healthCheckNodePort && wantsHealthCheckPort(spec)) {
        spec.healthCheckNodePort = pick(claims, service);
      }
      return causes;
    },
    release(ports, service, claims) {
      const owner = ownerOf(service);
      for (const port of ports) {
        claims.giveBack(portKey(port), (value) => Buffer.from(value).toString("utf8") === owner);
      }
    },
  };
}

function held(service: Service | undefined): number[] {
  const { ports = [], healthCheckNodePort } = service?.spec ?? {};
  const all = [...ports.map((port) => port.nodePort), healthCheckNodePort];
  return [...new Set(all.filter((port): port is number => Boolean(port)))];
}

function wantsNodePorts(spec: ServiceSpec): boolean {
  if (spec.type === "NodePort") return true;
  return spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false;
}

function wantsHealthCheckPort(spec: ServiceSpec): boolean {
  return spec.type === "LoadBalancer" && spec.externalTrafficPolicy === "Local";
}

/** The same port number over another protocol (DNS over UDP and TCP) gets the same node port. */
function sharedPort(ports: readonly ServicePort[], port: ServicePort): number | undefined {
  const used = new Set(ports.filter((each) => each.protocol === port.protocol).map((each) => each.nodePort));
  return ports.find(
    (each) =>
      each.port === port.port && each.protocol !== port.protocol && each.nodePort && !used.has(each.nodePort),
  )?.nodePort;
}

function refusal(range: PortRange, port: number, claims: Claims): string | undefined {
  if (port < range.first || port > range.last) {
    return `provided port is not in the valid range. The range of valid ports is ${range.first}-${range.last}`;
  }
  return claims.isTaken(portKey(port)) ? "provided port is already allocated" : undefined;
}

function portKey(port: number): string {
  return `/nacre/nodeports/${port}`;
}

/** By name, not uid: a service that is made anew under its name may find what an interrupted delete left. */
function ownerOf(service: Service): string {
  return JSON.stringify({ namespace: service.metadata?.namespace, name: service.metadata?.name });
}

function ownerBytes(service: Service): Uint8Array {
  return Buffer.from(ownerOf(service), "utf8");
}
