import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { type ApiRequest, type Transport, trunkProtocol } from "#api";
import { ApiError, messageOf, systemClock, unavailable } from "#base";
import type { Client } from "./client.ts";
import { type ClientOptions, createClient } from "./create-client.ts";
import { type Connection, type FileReference, parseKubeconfig } from "./kubeconfig.ts";
import { Http1Pool } from "./node/http1-pool.ts";
import { NeverSent } from "./node/never-sent.ts";
import { Trunk } from "./node/trunk/trunk.ts";
import { WatchConnection } from "./node/watch-connection.ts";
import { connectionFailed } from "./status.ts";

export type { Connection, Credentials } from "./kubeconfig.ts";

/**
 * Speaks to an API server over TLS, with a client certificate or a token. To Nacre's own over one connection that carries everything (a
 * trunk). Any other is spoken to in HTTP: requests go over kept-alive HTTP/1.1 connections, in Node several times as fast as HTTP/2; watches
 * share one HTTP/2 connection: a program follows dozens of kinds, and a TLS connection for each costs memory on both sides.
 */
export function httpsTransport(connection: Connection): Transport {
  const tls: ConnectionOptions = {
    ...(connection.authority === undefined ? {} : { ca: connection.authority }),
    ...(connection.serverName === undefined ? {} : { servername: connection.serverName }),
    ...("certificate" in connection.credentials
      ? { cert: connection.credentials.certificate, key: connection.credentials.key }
      : {}),
  };
  const server = new URL(connection.server);
  const host = bare(server.hostname);
  const port = Number(server.port || 443);
  const prefix = server.pathname === "/" ? "" : server.pathname;
  const dial = (protocols: readonly string[], session?: Buffer) => {
    const own = { ...tls, host, port, ALPNProtocols: [...protocols], ...(session ? { session } : {}) };
    const socket = connectTls(own);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, probeMs);
    return socket;
  };
  const requests = new Http1Pool({
    dial: (session) => dial(["http/1.1"], session),
    host: server.host,
    nowMs: () => systemClock.monotonicMs(),
  });
  const watches = new WatchConnection(server.origin, () => dial(["h2"]));
  const trunk = new Trunk({
    dial: () => dial([trunkProtocol, "http/1.1"]),
    otherwise: (request) => (isWatch(request.path) ? watches.request(request) : requests.request(request)),
  });
  return {
    request(sent) {
      const bearer = authorization(connection);
      const request: ApiRequest = {
        ...sent,
        path: prefix + sent.path,
        ...(bearer ? { headers: { ...sent.headers, authorization: bearer } } : {}),
      };
      return trunk.request(request).catch((error: unknown) => {
        throw failure(error, server.host, sent.signal);
      });
    },
    async close() {
      trunk.close();
      requests.close();
      watches.close();
    },
  };
}

export interface ConnectOptions extends Omit<ClientOptions, "transport"> {
  readonly kubeconfigPath: string;
  /** The file's current context unless given. */
  readonly context?: string;
}

/** A client, and what it was made from: for those who also dial by themselves with the same certificates. */
export interface Connected {
  readonly client: Client;
  readonly transport: Transport;
  readonly connection: Connection;
}

/** Connects to the server that a kubeconfig file names. No packet is sent before the first request. */
export function connect(options: ConnectOptions): Connected {
  const connection = connectionFromKubeconfig(options.kubeconfigPath, options.context);
  const transport = httpsTransport(connection);
  return { client: createClient({ ...options, transport }), transport, connection };
}

/** Reads a kubeconfig file: its current context, or the one named. */
export function connectionFromKubeconfig(path: string, context?: string): Connection {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw unavailable(`cannot read the kubeconfig ${path}: ${messageOf(error)}. Is the cluster up?`, error);
  }
  const inFile = (reference: FileReference) => readFileSync(resolve(dirname(path), reference.path), "utf8");
  return parseKubeconfig(text, {
    readFile: inFile,
    parseYaml,
    ...(context === undefined ? {} : { context }),
  });
}

/** Loaded when the first kubeconfig in YAML comes. */
function parseYaml(text: string): unknown {
  const { parse } = createRequire(import.meta.url)("yaml") as typeof import("yaml");
  return parse(text);
}

/** A silent connection is probed after this time: a peer that vanished without a word is noticed, also by a watch on which nothing happens. */
const probeMs = 15_000;

function isWatch(path: string): boolean {
  return path.includes("watch=true");
}

function authorization(connection: Connection): string | undefined {
  if (!("token" in connection.credentials)) return undefined;
  const { token } = connection.credentials;
  return `Bearer ${typeof token === "string" ? token : token()}`;
}

function failure(error: unknown, server: string, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof ApiError) return error;
  const message = `cannot reach the API server at ${server}: ${messageOf(error)}`;
  return connectionFailed(message, { sent: !neverSent(error), cause: error });
}

function neverSent(error: unknown): boolean {
  if (error instanceof NeverSent) return true;
  const { code } = error as { code?: string };
  return code === "ECONNREFUSED" || code === "ENOTFOUND" || code === "EHOSTUNREACH" || code === "ENETUNREACH";
}

/** `[::1]` → `::1`. */
function bare(hostname: string): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}
