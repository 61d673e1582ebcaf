import type { NetworkConfig } from "#network";
import type { ClusterConfig } from "./cluster-config.ts";
import type { Layout } from "./layout.ts";

/** Node ports answer where the API server listens: on this machine alone unless the cluster was opened. */
export function networkOf(config: ClusterConfig, layout: Layout, gateway: string): NetworkConfig {
  const open = config.listen.includes("0.0.0.0");
  return {
    bridge: `${config.name}0`,
    table: config.name,
    clusterPodRange: config.clusterPodRange,
    nodePodRange: config.nodePodRange,
    serviceRange: config.serviceRange,
    dnsAddress: dnsAddressOf(config),
    clusterDomain: config.clusterDomain,
    nodePortRanges: open ? ["0.0.0.0/0"] : ["127.0.0.0/8", gateway, ...config.listen],
    stateDirectory: layout.network,
  };
}

/** The tenth address of the service range, as everywhere in Kubernetes. */
export function dnsAddressOf(config: ClusterConfig): string {
  return `${config.serviceRange.split(".").slice(0, 3).join(".")}.10`;
}

/** The first address of the service range: the Service `kubernetes`. */
export function apiServiceAddressOf(config: ClusterConfig): string {
  return `${config.serviceRange.split(".").slice(0, 3).join(".")}.1`;
}

/** The cgroup that holds all pods of the cluster, in every hierarchy. */
export function cgroupParentOf(config: ClusterConfig): string {
  return `kubepods-${config.name}`;
}
