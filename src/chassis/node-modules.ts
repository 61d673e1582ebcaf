/*
 * Node's own modules, of those that a service has loaded when it listens. They are not imported: an import reads every export of a module, and some of
 * these load what they stand for. With node:http come undici, TLS and zlib (`WebSocket`), with node:fs the line editor and its history (`promises`), with
 * node:util worker threads and a diff: 65 ms of CPU before anything listens.
 */
export const buffer: typeof import("node:buffer") = process.getBuiltinModule("node:buffer");
export const fs: typeof import("node:fs") = process.getBuiltinModule("node:fs");
export const http: typeof import("node:http") = process.getBuiltinModule("node:http");
export const net: typeof import("node:net") = process.getBuiltinModule("node:net");
export const perfHooks: typeof import("node:perf_hooks") = process.getBuiltinModule("node:perf_hooks");
export const util: typeof import("node:util") = process.getBuiltinModule("node:util");
