import { type Service, services } from "#api";
import { type Clock, invalid, type Random } from "#base";
import type { Snapshot } from "#store";
import type { Participation, TransactionParticipant } from "../ports.ts";
import { parseRange } from "./address-range.ts";
import { Claims } from "./claims.ts";
import { clusterAddresses } from "./cluster-addresses.ts";
import { completeFamilies } from "./families.ts";
import { nodePorts, type PortRange } from "./node-ports.ts";

/**
 * Gives services their cluster addresses and node ports, in the very transaction that writes them: a service never
 * exists without its address, an address is never held without its service, whoever else allocates at the same time.
 *
 * ```
 *   what it held ─┐
 *                 ├─▶ take what is new, keep what stays, give back what is gone
 *   what it asks ─┘
 * ```
 */
export function serviceAllocator(options: {
  /** `10.96.0.0/16` */
  readonly serviceRange: string;
  readonly nodePortRange: PortRange;
  readonly clock: Clock;
  readonly random: Random;
}): TransactionParticipant {
  const addresses = clusterAddresses({ ...options, range: parseRange(options.serviceRange) });
  const ports = nodePorts({ ...options, range: options.nodePortRange });
  return {
    handles: ({ group, resource }) => group === services.group && resource === services.resource,
    participate({ object, oldObject }, snapshot: Snapshot): Participation {
      const claims = new Claims(snapshot);
      const old = oldObject as Service | undefined;
      const heldAddresses = addresses.held(old);
      const heldPorts = ports.held(old);
      const service = object ? withOwnSpec(object as Service) : undefined;
      if (service?.spec) {
        const causes = [
          ...completeFamilies(service.spec),
          ...addresses.assign(service, heldAddresses, claims),
          ...ports.assign(service, heldPorts, claims),
        ];
        if (causes.length > 0) {
          throw invalid(
            { resource: "services", kind: "Service", name: service.metadata?.name ?? "" },
            causes,
          );
        }
      }
      const of = service ?? old;
      if (of) {
        addresses.release(without(heldAddresses, addresses.held(service)), of, claims);
        ports.release(without(heldPorts, ports.held(service)), of, claims);
      }
      return claims.participation(service);
    },
  };
}

/** A copy that shares everything but what allocation writes. */
function withOwnSpec(service: Service): Service {
  const { spec } = service;
  if (!spec) return service;
  return {
    ...service,
    spec: { ...spec, ...(spec.ports ? { ports: spec.ports.map((port) => ({ ...port })) } : {}) },
  };
}

function without<T>(list: readonly T[], kept: readonly T[]): T[] {
  return list.filter((item) => !kept.includes(item));
}
