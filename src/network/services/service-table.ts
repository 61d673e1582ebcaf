import { type EndpointSlice, fakePodRange, type ServicePort as Port, type Service } from "#api";
import type { NetworkConfig } from "../network.ts";
import { contains, parseRange } from "../ranges.ts";

/** Where a packet is sent to be balanced: a service's address and port, or a node port. */
export type Frontend =
  | { readonly type: "address"; readonly address: string; readonly protocol: Protocol; readonly port: number }
  | { readonly type: "node-port"; readonly protocol: Protocol; readonly port: number };

export type Protocol = "tcp" | "udp" | "sctp";

/** One port of one service: who it answers as, and the endpoints behind it. */
export interface ServicePort {
  /** Unique in the cluster, and the same as long as the service has the port. */
  readonly id: string;
  readonly frontends: readonly Frontend[];
  /** `address . port`, sorted, so that equal sets are equal programs. */
  readonly endpoints: readonly string[];
  /** So long after its last connection a client returns to its endpoint (`sessionAffinity: ClientIP`). */
  readonly affinitySeconds: number | undefined;
}

/** Labels by which a service says that another proxy, or none, is to look after it. */
const notOursLabels = ["service.kubernetes.io/service-proxy-name", "service.kubernetes.io/headless"];

/** The node that is programmed. */
export interface ProxyNode {
  readonly name: string;
  readonly network: Pick<NetworkConfig, "serviceRange" | "clusterPodRange">;
}

/**
 * What the kernel is to do for one service, from the API objects alone. Empty for headless and ExternalName services, and
 * for those that another proxy looks after. Ready endpoints are used; when there are none, those that still serve while they
 * terminate (KEP-1669).
 */
export function servicePorts(
  service: Service,
  slices: readonly EndpointSlice[],
  node: ProxyNode,
): ServicePort[] {
  const { spec = {}, metadata } = service;
  if (spec.type === "ExternalName" || !spec.clusterIP || spec.clusterIP === "None") return [];
  if (notOursLabels.some((label) => metadata?.labels?.[label] !== undefined)) return [];
  const affinitySeconds =
    spec.sessionAffinity === "ClientIP" ? spec.sessionAffinityConfig?.clientIP?.timeoutSeconds : undefined;
  return (spec.ports ?? []).flatMap((port) => {
    const protocol = (port.protocol ?? "TCP").toLowerCase() as Protocol;
    const id = `${metadata?.namespace}/${metadata?.name}:${port.name ?? ""}:${protocol}`;
    const endpoints = (policy: string | undefined) =>
      endpointsOf(slices, port.name ?? "", protocol, policy === "Local" ? node.name : undefined);
    const within: ServicePort = {
      id,
      frontends: addressFrontends([spec.clusterIP as string], protocol, port.port),
      endpoints: endpoints(spec.internalTrafficPolicy),
      affinitySeconds,
    };
    const frontends = externalFrontends(service, port, { protocol, node });
    if (frontends.length === 0) return [within];
    const outside = {
      ...within,
      id: `${id}:external`,
      frontends,
      endpoints: endpoints(spec.externalTrafficPolicy),
    };
    // Where both ways lead to the same endpoints, they take turns together.
    return within.endpoints.join() === outside.endpoints.join()
      ? [{ ...within, frontends: [...within.frontends, ...frontends] }]
      : [within, outside];
  });
}

/**
 * Where those outside the cluster find a service's port. Anybody may name any external address; those that the cluster gives to
 * services and pods itself stay theirs.
 */
function externalFrontends(
  { spec, status }: Service,
  port: Port,
  { protocol, node }: { readonly protocol: Protocol; readonly node: ProxyNode },
): Frontend[] {
  const ingress = status?.loadBalancer?.ingress ?? [];
  const balanced = ingress.flatMap((entry) => (entry.ip && entry.ipMode !== "Proxy" ? [entry.ip] : []));
  const addresses = new Set([...(spec?.externalIPs ?? []), ...balanced]);
  const external = [...addresses].filter((address) => !isTheClusters(address, node.network));
  const frontends = addressFrontends(external, protocol, port.port);
  return port.nodePort ? [...frontends, { type: "node-port", protocol, port: port.nodePort }] : frontends;
}

function isTheClusters(address: string, { serviceRange, clusterPodRange }: ProxyNode["network"]): boolean {
  return [serviceRange, clusterPodRange, fakePodRange].some((range) => contains(parseRange(range), address));
}

function addressFrontends(addresses: readonly string[], protocol: Protocol, port: number): Frontend[] {
  return addresses
    .filter((address) => !address.includes(":"))
    .map((address) => ({ type: "address", address, protocol, port }));
}

function endpointsOf(
  slices: readonly EndpointSlice[],
  portName: string,
  protocol: Protocol,
  onlyNode: string | undefined,
): string[] {
  const ready = new Set<string>();
  const terminating = new Set<string>();
  for (const slice of slices) {
    if (slice.addressType !== "IPv4") continue;
    const port = slice.ports?.find(
      (candidate) =>
        (candidate.name ?? "") === portName && (candidate.protocol ?? "TCP").toLowerCase() === protocol,
    );
    // Slices that people write may have any number, and one that the kernel refuses would keep all services from changing.
    if (!port?.port || port.port < 1 || port.port > 65_535) continue;
    for (const endpoint of slice.endpoints ?? []) {
      if (onlyNode !== undefined && endpoint.nodeName !== onlyNode) continue;
      const conditions = endpoint.conditions ?? {};
      const target = `${endpoint.addresses[0]} . ${port.port}`;
      if (conditions.ready !== false) ready.add(target);
      else if (conditions.serving === true && conditions.terminating === true) terminating.add(target);
    }
  }
  return [...(ready.size > 0 ? ready : terminating)].sort();
}
