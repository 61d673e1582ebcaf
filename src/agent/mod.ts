/** The pods of one node: what the kubelet is in Kubernetes. */
export { type Agent, type AgentOptions, startAgent } from "./agent.ts";
export { endAllContainers } from "./containers/end-all.ts";
export type { DnsConfig } from "./containers/host-files.ts";
export type { KubernetesService } from "./environment/service-variables.ts";
export type { AgentDirectories } from "./layout.ts";
export type { Machine } from "./node/machine.ts";
export type { NodeHealth, NodeIdentity } from "./node/node-object.ts";
export { NodeRegistration, type NodeRegistrationOptions } from "./node/registration.ts";
export { admit, type NodeOffer } from "./pods/admission.ts";
export type { HttpAnswer, HttpGet, ProbeDialer } from "./probes/dialer.ts";
export { StatusWriter, type StatusWriterOptions } from "./status/status-writer.ts";
export { isVolumeOver, letGoOfVolume } from "./volumes/persistent/let-go.ts";
