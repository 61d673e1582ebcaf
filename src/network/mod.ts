export { gatewayAddress, prepareNetwork, removeNetwork } from "./machine/prepare.ts";
export type { HostPort, NetworkConfig, PodAddress, PodAttachment, PodNetwork } from "./network.ts";
export { openPodNetwork } from "./pods/pod-network.ts";
