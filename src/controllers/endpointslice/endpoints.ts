import type { Endpoint, EndpointAddress, EndpointSlice, EndpointSubset, Endpoints, Service } from "#api";
import { portsId } from "../shared/slices.ts";
import { addressesPerEndpoints } from "./limits.ts";

const managedByLabel = "endpoints.kubernetes.io/managed-by";
const managedBy = "endpoint-controller";
const overCapacity = "endpoints.kubernetes.io/over-capacity";

/** Whether the Endpoints object is this controller's own and not somebody's handwork. */
export function isOurs(endpoints: Endpoints): boolean {
  return endpoints.metadata?.labels?.[managedByLabel] === managedBy;
}

/**
 * The older form of the same content, for those who still read it (`kubectl get endpoints`): one subset per set of ports, of the service's
 * first address family. It knows no terminating endpoints.
 */
export function endpointsFrom(service: Service, slices: readonly EndpointSlice[]): Endpoints {
  const { name, namespace, labels } = service.metadata ?? {};
  const type = service.spec?.ipFamilies?.[0] ?? "IPv4";
  const subsets = new Map<string, Required<EndpointSubset>>();
  let count = 0;
  let isCut = false;
  for (const slice of slices) {
    if (slice.addressType !== type) continue;
    for (const endpoint of slice.endpoints ?? []) {
      if (endpoint.conditions?.terminating && !endpoint.conditions.ready) continue;
      if (count >= addressesPerEndpoints) {
        isCut = true;
        break;
      }
      count += 1;
      const subset = subsetFor(subsets, slice);
      const list = endpoint.conditions?.ready === false ? subset.notReadyAddresses : subset.addresses;
      list.push(addressFrom(endpoint));
    }
  }
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: {
      ...(name ? { name } : {}),
      ...(namespace ? { namespace } : {}),
      labels: { ...labels, [managedByLabel]: managedBy },
      ...(isCut ? { annotations: { [overCapacity]: "truncated" } } : {}),
    },
    ...(subsets.size > 0 ? { subsets: [...subsets].sort(byId).map(([, subset]) => tidy(subset)) } : {}),
  };
}

function subsetFor(
  subsets: Map<string, Required<EndpointSubset>>,
  slice: EndpointSlice,
): Required<EndpointSubset> {
  const id = portsId(slice.ports);
  const known = subsets.get(id);
  if (known) return known;
  const ports = (slice.ports ?? []).map(({ name, port = 0, protocol = "TCP", appProtocol }) => ({
    ...(name ? { name } : {}),
    port,
    protocol,
    ...(appProtocol ? { appProtocol } : {}),
  }));
  const made = { addresses: [], notReadyAddresses: [], ports };
  subsets.set(id, made);
  return made;
}

function addressFrom({ addresses, hostname, nodeName, targetRef }: Endpoint): EndpointAddress {
  return {
    ip: addresses[0] ?? "",
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(targetRef ? { targetRef } : {}),
  };
}

/** Sorted, so that the same content is the same object. */
function tidy({ addresses, notReadyAddresses, ports }: Required<EndpointSubset>): EndpointSubset {
  const byAddress = (a: EndpointAddress, b: EndpointAddress) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : 0);
  return {
    ...(addresses.length > 0 ? { addresses: addresses.sort(byAddress) } : {}),
    ...(notReadyAddresses.length > 0 ? { notReadyAddresses: notReadyAddresses.sort(byAddress) } : {}),
    ...(ports.length > 0 ? { ports } : {}),
  };
}

function byId([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
