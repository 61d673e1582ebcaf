import type { EndpointSlice, Service } from "#api";

/** What the cluster's zone knows of one service: plain data, so that it can be kept on disk as it is. */
export interface ServiceNames {
  readonly namespace: string;
  readonly name: string;
  /** Empty for a headless service. */
  readonly addresses: readonly string[];
  /** `ExternalName` services are an alias. */
  readonly alias?: string;
  readonly ports: readonly NamedPort[];
  /** Only of headless services: their pods. */
  readonly endpoints: readonly NamedEndpoint[];
}

export interface NamedPort {
  readonly name: string;
  /** `tcp`, `udp` or `sctp`. */
  readonly protocol: string;
  readonly port: number;
}

export interface NamedEndpoint {
  readonly address: string;
  /** The pod's hostname when it has one, else the address with dashes. */
  readonly hostname: string;
  readonly ports: readonly NamedPort[];
}

/** What the zone says of a service: the Kubernetes DNS specification, version 1.1.0. */
export function namesOf(service: Service, slices: readonly EndpointSlice[]): ServiceNames {
  const spec = service.spec ?? {};
  const headless = spec.clusterIP === "None";
  const isAlias = spec.type === "ExternalName";
  return {
    namespace: service.metadata?.namespace ?? "",
    name: service.metadata?.name ?? "",
    addresses: headless || isAlias ? [] : (spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : [])),
    ...(isAlias && spec.externalName ? { alias: spec.externalName } : {}),
    ports: (spec.ports ?? []).map((port) => named(port.name, port.protocol, port.port)),
    endpoints: headless ? endpointsOf(slices, spec.publishNotReadyAddresses === true) : [],
  };
}

function endpointsOf(slices: readonly EndpointSlice[], includeNotReady: boolean): NamedEndpoint[] {
  return slices.flatMap((slice) =>
    (slice.endpoints ?? [])
      .filter((endpoint) => includeNotReady || endpoint.conditions?.ready !== false)
      .flatMap((endpoint) =>
        endpoint.addresses.map((address) => ({
          address,
          hostname: endpoint.hostname ?? address.replaceAll(/[.:]/g, "-"),
          ports: (slice.ports ?? []).flatMap((port) =>
            port.port === undefined ? [] : [named(port.name, port.protocol, port.port)],
          ),
        })),
      ),
  );
}

function named(name: string | undefined, protocol: string | undefined, port: number): NamedPort {
  return { name: name ?? "", protocol: (protocol ?? "TCP").toLowerCase(), port };
}
