import {
  type Endpoint,
  type EndpointAddress,
  type EndpointPort,
  type EndpointSlice,
  type EndpointSubset,
  type Endpoints,
  endpoints,
  jsonEqual,
  type ObjectMeta,
} from "#api";
import { controllerReference } from "../shared/claim.ts";
import { managedByLabel, portsId, type SlicePlan, serviceNameLabel } from "../shared/slices.ts";
import { addressesPerSlice } from "./limits.ts";

export const managedBy = "endpointslicemirroring-controller.k8s.io";

/**
 * The slices that say what somebody's Endpoints say: one for each set of ports and address family. `slices` mirror it so
 * far; what is not wanted any more goes, all of it when there is nothing to mirror. Pure.
 */
export function mirror(source: Endpoints | undefined, slices: readonly EndpointSlice[]): SlicePlan {
  const create: EndpointSlice[] = [];
  const update: EndpointSlice[] = [];
  const kept = new Set<EndpointSlice>();
  for (const wanted of source ? slicesOf(source) : []) {
    const known = slices.find((slice) => idOf(slice) === idOf(wanted));
    if (known) kept.add(known);
    if (!known) create.push(wanted);
    else if (!saysTheSame(known, wanted)) update.push({ ...wanted, metadata: merged(known, wanted) });
  }
  return { create, update, remove: slices.filter((slice) => !kept.has(slice)) };
}

function slicesOf(source: Endpoints): EndpointSlice[] {
  const byPorts = Map.groupBy(source.subsets ?? [], ({ ports }) => portsId(ports));
  return [...byPorts.values()].flatMap((subsets) =>
    (["IPv4", "IPv6"] as const).flatMap((addressType) => {
      const found = subsets
        .flatMap(endpointsOf)
        .filter(({ addresses }) => isOfType(addresses[0] ?? "", addressType));
      return found.length > 0 ? [sliceOf(source, subsets[0]?.ports ?? [], addressType, found)] : [];
    }),
  );
}

function sliceOf(
  source: Endpoints,
  ports: readonly EndpointPort[],
  addressType: string,
  found: Endpoint[],
): EndpointSlice {
  const { name = "", namespace = "", labels, annotations = {} } = source.metadata ?? {};
  const { [lastAppliedAnnotation]: _, ...copied } = annotations;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: { ...labels, [serviceNameLabel]: name, [managedByLabel]: managedBy },
      ...(Object.keys(copied).length > 0 ? { annotations: copied } : {}),
      ownerReferences: [controllerReference(endpoints, source)],
    },
    addressType,
    endpoints: found.slice(0, addressesPerSlice),
    ports: ports.map(({ name: portName = "", port, protocol = "TCP", appProtocol }) => ({
      name: portName,
      port,
      protocol,
      ...(appProtocol ? { appProtocol } : {}),
    })),
  };
}

/** What `kubectl apply` last sent: it says nothing about a slice. */
const lastAppliedAnnotation = "kubectl.kubernetes.io/last-applied-configuration";

function endpointsOf({ addresses = [], notReadyAddresses = [] }: EndpointSubset): Endpoint[] {
  return [
    ...addresses.map((address) => endpointOf(address, true)),
    ...notReadyAddresses.map((address) => endpointOf(address, false)),
  ];
}

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(targetRef ? { targetRef } : {}),
  };
}

function isOfType(address: string, type: "IPv4" | "IPv6"): boolean {
  return address.includes(":") === (type === "IPv6");
}

function idOf({ addressType, ports }: EndpointSlice): string {
  return `${addressType}|${portsId(ports)}`;
}

function saysTheSame(known: EndpointSlice, wanted: EndpointSlice): boolean {
  return (
    jsonEqual(known.endpoints ?? [], wanted.endpoints ?? []) &&
    jsonEqual(known.metadata?.labels, wanted.metadata?.labels) &&
    jsonEqual(known.metadata?.annotations ?? {}, wanted.metadata?.annotations ?? {})
  );
}

/** The known slice's identity with the labels and annotations that are wanted. */
function merged(known: EndpointSlice, wanted: EndpointSlice): ObjectMeta {
  const { generateName: _, ...labelled } = wanted.metadata ?? {};
  const { annotations: __, ...identity } = known.metadata ?? {};
  return { ...identity, ...labelled };
}
