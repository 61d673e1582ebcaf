export * from "../balancing/mod.ts";
export {
  Directory,
  type DirectoryOptions,
  type HealthCheck,
  type Listing,
  type Registration,
} from "./directory.ts";
export { type DnsOptions, dnsRegistry } from "./dns-registry.ts";
export type { WantedPort } from "./endpoint-slices.ts";
export { fixedRegistry } from "./fixed-registry.ts";
export type { Instance } from "./instance.ts";
export { type KubernetesOptions, kubernetesRegistry } from "./kubernetes-registry.ts";
export type { Registry, Watching } from "./registry.ts";
export { type RegistryHandlersOptions, registryHandlers, registryRoutes } from "./registry-routes.ts";
export {
  type Registered,
  type RegisterOptions,
  register,
  type ServiceRegistryOptions,
  serviceRegistry,
} from "./service-registry.ts";
