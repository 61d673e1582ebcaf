import type { EndpointSlice, KubernetesObject, Service } from "#api";

const labels = { "k8s-app": "kube-dns", "kubernetes.io/name": "Nacre" };

const ports = [
  { name: "dns", port: 53, protocol: "UDP" },
  { name: "dns-tcp", port: 53, protocol: "TCP" },
];

/** The Service under which pods find the DNS program of their node, where Kubernetes has it: `kube-system/kube-dns`. */
export function dnsService({ address, server }: { address: string; server: string }): KubernetesObject[] {
  const service: Service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "kube-dns", namespace: "kube-system", labels },
    spec: { clusterIP: address, ports: ports.map((port) => ({ ...port, targetPort: 53 })) },
  };
  const slice: EndpointSlice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: "kube-dns",
      namespace: "kube-system",
      labels: { "kubernetes.io/service-name": "kube-dns", "endpointslice.kubernetes.io/managed-by": "nacre" },
    },
    addressType: "IPv4",
    endpoints: [{ addresses: [server], conditions: { ready: true } }],
    ports,
  };
  return [service, slice];
}
