export type { HealthCheck } from "./discovery/health.ts";
export { kubernetesVersion } from "./discovery/version.ts";
export type { Listener, ListenOptions } from "./http/listener.ts";
export type { Document } from "./pipeline/documents.ts";
export type * from "./ports.ts";
export { encode, stamp } from "./registry/bytes.ts";
export { keyOf } from "./registry/keys.ts";
export { type ApiServer, type ApiServerOptions, createApiServer } from "./server.ts";
