export * from "../balancing/mod.ts";
export { type DnsOptions, dnsRegistry } from "./dns/dns-registry.ts";
export { type Instance, placeOf } from "./instance.ts";
export { fixedRegistry, type Registry } from "./registry.ts";
