/**
 * The object model: every kind's type and resource, and what clients do with them. Pure, and fit for a browser. What a server
 * adds is in `behaviour.ts`.
 */

export * from "./cron/mod.ts";
export * from "./disruption.ts";
export * from "./eviction-order.ts";
export * from "./fake-node.ts";
export * from "./generated/resources.ts";
export type * from "./generated/types.ts";
export * from "./int-or-percent.ts";
export * from "./json.ts";
export type * from "./kinds/mod.ts";
export * from "./names.ts";
export type { ObjectList } from "./object.ts";
export * from "./patch/mod.ts";
export * from "./pod/mod.ts";
export * from "./qos.ts";
export * from "./quantity.ts";
export * from "./resource.ts";
export type * from "./schema/type-schema.ts";
export * from "./selector/mod.ts";
export * from "./table/mod.ts";
export * from "./transport.ts";
export * from "./trunk/mod.ts";
export { kubernetesVersion } from "./version.ts";
export * from "./volume/mod.ts";
