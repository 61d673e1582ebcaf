import { type Endpoint, isPodReady, isPodTerminal, type Node, type Pod, type Service } from "#api";

export type AddressType = "IPv4" | "IPv6";

/** Which families of addresses a service speaks. */
export function addressTypesOf(service: Service): readonly AddressType[] {
  const families = service.spec?.ipFamilies?.filter((family) => family === "IPv4" || family === "IPv6");
  return families?.length ? (families as AddressType[]) : ["IPv4"];
}

/** The pod's address of a family, if it has one. */
export function addressOf(pod: Pod, type: AddressType): string | undefined {
  const all = pod.status?.podIPs?.map(({ ip }) => ip ?? "") ?? [pod.status?.podIP ?? ""];
  return all.find((ip) => ip !== "" && ip.includes(":") === (type === "IPv6"));
}

/** Ended pods serve nothing; those that are ending may still, and say so. */
export function mayServe(pod: Pod): boolean {
  return !isPodTerminal(pod);
}

/**
 * A pod as an endpoint. `ready` is what traffic follows: serving and not terminating (or always, when the service publishes
 * addresses that are not ready); `serving` holds also while it terminates, so that the last connections find their way.
 */
export function endpointOf(
  pod: Pod,
  address: string,
  { service, node }: { service: Service; node: Node | undefined },
): Endpoint {
  const { name, namespace, uid, deletionTimestamp } = pod.metadata ?? {};
  const serving = isPodReady(pod);
  const terminating = deletionTimestamp !== undefined;
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const zone = node?.metadata?.labels?.["topology.kubernetes.io/zone"];
  const nodeName = pod.spec?.nodeName;
  const { hostname, subdomain } = pod.spec ?? {};
  const isNamed = hostname && subdomain === service.metadata?.name;
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(isNamed ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    targetRef: {
      kind: "Pod",
      ...(namespace ? { namespace } : {}),
      ...(name ? { name } : {}),
      ...(uid ? { uid } : {}),
    },
    ...(zone ? { zone } : {}),
  };
}
