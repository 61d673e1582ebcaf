import type { EndpointSlice, Service } from "#api";

/** Where a packet is sent to be balanced: a service's address and port, or a node port. */
export type Frontend =
  | { readonly type: "address"; readonly address: string; readonly protocol: Protocol; readonly port: number }
  | { readonly type: "node-port"; readonly protocol: Protocol; readonly port: number };

export type Protocol = "tcp" | "udp" | "sctp";

/** One port of one service: who it answers as, and the endpoints behind it. */
export interface ServicePort {
  /** `namespace/name:port`, unique in the cluster. */
  readonly id: string;
  readonly frontends: readonly Frontend[];
  /** `address . port`, sorted, so that equal sets are equal programs. */
  readonly endpoints: readonly string[];
  /** So long after its last connection a client returns to its endpoint (`sessionAffinity: ClientIP`). */
  readonly affinitySeconds: number | undefined;
}

/**
 * What the kernel is to do for one service, from the API objects alone. Empty for headless and ExternalName services.
 * Ready endpoints are used; when there are none, those that still serve while they terminate (KEP-1669).
 */
export function servicePorts(
  service: Service,
  slices: readonly EndpointSlice[],
  nodeName: string,
): ServicePort[] {
  const spec = service.spec ?? {};
  if (spec.type === "ExternalName" || !spec.clusterIP || spec.clusterIP === "None") return [];
  const affinitySeconds =
    spec.sessionAffinity === "ClientIP" ? spec.sessionAffinityConfig?.clientIP?.timeoutSeconds : undefined;
  const onlyLocal = spec.internalTrafficPolicy === "Local";
  const addresses = new Set([spec.clusterIP, ...(spec.externalIPs ?? []), ...loadBalancerAddresses(service)]);
  return (spec.ports ?? []).map((port) => {
    const protocol = (port.protocol ?? "TCP").toLowerCase() as Protocol;
    const frontends: Frontend[] = [...addresses]
      .filter((address) => !address.includes(":"))
      .map((address) => ({ type: "address", address, protocol, port: port.port }));
    if (port.nodePort) frontends.push({ type: "node-port", protocol, port: port.nodePort });
    return {
      id: `${service.metadata?.namespace}/${service.metadata?.name}:${port.name ?? ""}:${protocol}`,
      frontends,
      endpoints: endpointsOf(slices, port.name ?? "", protocol, onlyLocal ? nodeName : undefined),
      affinitySeconds,
    };
  });
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
    if (port?.port === undefined) continue;
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

function loadBalancerAddresses(service: Service): string[] {
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  return ingress.flatMap((entry) => (entry.ip && entry.ipMode !== "Proxy" ? [entry.ip] : []));
}
