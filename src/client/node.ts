import { readFileSync } from "node:fs";
import { Agent, type RequestOptions, request } from "node:https";
import { dirname, resolve } from "node:path";
import type { ApiRequest, ApiResponse, Transport } from "#api";
import { messageOf, unavailable } from "#base";
import type { Client } from "./client.ts";
import { type ClientOptions, createClient } from "./create-client.ts";
import { type Connection, type FileReference, parseKubeconfig } from "./kubeconfig.ts";
import { connectionFailed } from "./status.ts";

export type { Connection, Credentials } from "./kubeconfig.ts";

/**
 * Speaks HTTPS to an API server with a client certificate or a token, over kept-alive HTTP/1.1 connections: twice as
 * fast in Node as HTTP/2, and a broken watch breaks alone.
 */
export function httpsTransport(connection: Connection): Transport {
  const agent = new Agent({
    keepAlive: true,
    // A peer that vanished without a word is noticed after a minute, also by a watch on which nothing happens.
    keepAliveMsecs: 15_000,
    maxSockets: maxSockets,
    maxFreeSockets: maxFreeSockets,
    ...(connection.authority === undefined ? {} : { ca: connection.authority }),
    ...(connection.serverName === undefined ? {} : { servername: connection.serverName }),
    ...("certificate" in connection.credentials
      ? { cert: connection.credentials.certificate, key: connection.credentials.key }
      : {}),
  });
  const server = new URL(connection.server);
  const base: RequestOptions = {
    agent,
    protocol: "https:",
    host: bare(server.hostname),
    port: server.port || 443,
  };
  const prefix = server.pathname === "/" ? "" : server.pathname;
  return {
    request: (sent) =>
      exchange({ ...base, path: prefix + sent.path }, sent, authorization(connection), connection.server),
    close: async () => agent.destroy(),
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
  return parseKubeconfig(text, { readFile: inFile, ...(context === undefined ? {} : { context }) });
}

/** Every watch holds a connection; beyond this something leaks. */
const maxSockets = 512;

/** Idle connections kept for the next request. */
const maxFreeSockets = 8;

function authorization(connection: Connection): string | undefined {
  if (!("token" in connection.credentials)) return undefined;
  const { token } = connection.credentials;
  return `Bearer ${typeof token === "string" ? token : token()}`;
}

function exchange(
  options: RequestOptions,
  sent: ApiRequest,
  bearer: string | undefined,
  server: string,
): Promise<ApiResponse> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string | number> = { ...sent.headers };
    if (bearer) headers.authorization = bearer;
    if (sent.body) headers["content-length"] = sent.body.length;
    const signal = sent.signal ? { signal: sent.signal } : {};
    const outgoing = request({ ...options, ...signal, method: sent.method, headers }, (incoming) => {
      resolve({
        status: incoming.statusCode ?? 0,
        headers: incoming.headers as Record<string, string>,
        body: incoming,
      });
    });
    outgoing.once("error", (error) => {
      if (sent.signal?.aborted) return reject(sent.signal.reason);
      reject(
        connectionFailed(`cannot reach the API server at ${server}: ${messageOf(error)}`, {
          sent: !neverSent(error),
          cause: error,
        }),
      );
    });
    outgoing.once("socket", watchForSilence);
    outgoing.end(sent.body);
  });
}

/** Small requests must not wait for the acknowledgement of the one before. */
function watchForSilence(socket: { setNoDelay(on: boolean): unknown }): void {
  socket.setNoDelay(true);
}

function neverSent(error: Error): boolean {
  const { code } = error as { code?: string };
  return code === "ECONNREFUSED" || code === "ENOTFOUND" || code === "EHOSTUNREACH" || code === "ENETUNREACH";
}

/** `[::1]` → `::1`. */
function bare(hostname: string): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}
