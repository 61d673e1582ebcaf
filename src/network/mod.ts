export { type DnsOptions, runDns } from "./dns/run-dns.ts";
export { forwardTo, nameservers, type Upstream } from "./dns/upstream.ts";
export { ownsNetwork, prepareNetwork, removeNetwork, requireFreeRanges } from "./machine/prepare.ts";
export type { HostPort, NetworkConfig, PodAddress, PodAttachment, PodNetwork } from "./network.ts";
export { openPodNetwork } from "./pods/pod-network.ts";
export { addressIn, gatewayAddress } from "./ranges.ts";
export { Departures } from "./services/departures.ts";
export { runServiceProxy, type ServiceProxyOptions } from "./services/service-proxy.ts";
