import { type EndpointSlice, type Endpoints, jsonEqual, type ObjectMeta, type Service } from "#api";

/** Where pods reach the API server, and under which cluster address. */
export interface AdvertisedServer {
  /** An address of this machine that pods can reach: the bridge's. */
  readonly address: string;
  readonly port: number;
  /** The first address of the service range: 10.96.0.1. */
  readonly clusterIP: string;
}

const name = "kubernetes";
const namespace = "default";
const portName = "https";

export function kubernetesService({ clusterIP, port }: AdvertisedServer): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadata({ component: "apiserver", provider: "kubernetes" }),
    spec: {
      type: "ClusterIP",
      clusterIP,
      clusterIPs: [clusterIP],
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "SingleStack",
      ports: [{ name: portName, port: 443, protocol: "TCP", targetPort: port }],
      sessionAffinity: "None",
    },
  };
}

/** The older list of addresses; the mirroring controller leaves it alone, because the slice is ours too. */
export function kubernetesEndpoints({ address, port }: AdvertisedServer): Endpoints {
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: metadata({ "endpointslice.kubernetes.io/skip-mirror": "true" }),
    subsets: [{ addresses: [{ ip: address }], ports: [{ name: portName, port, protocol: "TCP" }] }],
  };
}

export function kubernetesEndpointSlice({ address, port }: AdvertisedServer): EndpointSlice {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: metadata({ "kubernetes.io/service-name": name }),
    addressType: "IPv4",
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: portName, port, protocol: "TCP" }],
  };
}

/** Neither other ports nor another type or selector may lead pods past the API server. */
export function withSpec(present: Service, wanted: Service): Service | undefined {
  const { type, selector, ports: [port] = [] } = present.spec ?? {};
  const [wantedPort] = wanted.spec?.ports ?? [];
  const hasPort = port?.port === wantedPort?.port && port?.targetPort === wantedPort?.targetPort;
  if (hasPort && type === wanted.spec?.type && !selector) return undefined;
  return { ...present, spec: { ...wanted.spec } };
}

export function withEndpoints(present: Endpoints, wanted: Endpoints): Endpoints | undefined {
  const { subsets = [] } = wanted;
  return jsonEqual(present.subsets ?? [], subsets) ? undefined : { ...present, subsets };
}

export function withSliceEndpoints(present: EndpointSlice, wanted: EndpointSlice): EndpointSlice | undefined {
  const { endpoints = [], ports = [] } = wanted;
  const same = jsonEqual(present.endpoints ?? [], endpoints) && jsonEqual(present.ports ?? [], ports);
  return same ? undefined : { ...present, endpoints, ports };
}

function metadata(labels: Record<string, string>): ObjectMeta {
  return { name, namespace, labels };
}
