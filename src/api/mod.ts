/**
 * The object model: every kind's type, resource, schema and behaviour. Pure, and fit for a browser.
 */
export * from "./generated/resources.ts";
export type * from "./generated/types.ts";
export type { ObjectList } from "./object.ts";
export * from "./resource.ts";
export * from "./transport.ts";
