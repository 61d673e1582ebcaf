/**
 * What is used of node:http, which is not imported: an import reads every export of a module, one of these is `WebSocket`, and with it come undici, TLS and zlib,
 * 45 ms of CPU before anything listens.
 */
const http: typeof import("node:http") = process.getBuiltinModule("node:http");

export const createServer: typeof http.createServer = http.createServer;
export const STATUS_CODES: typeof http.STATUS_CODES = http.STATUS_CODES;
