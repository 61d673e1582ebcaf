export * from "./conditions.ts";
export * from "./deletion-order.ts";
export * from "./resources.ts";
export * from "./tolerations.ts";
