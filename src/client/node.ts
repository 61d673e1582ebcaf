import { readFileSync } from "node:fs";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { Agent, request } from "node:https";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import type { ApiRequest, ApiResponse, Transport } from "#api";
import { messageOf, unavailable } from "#base";
import type { Client } from "./client.ts";
import { type ClientOptions, createClient } from "./create-client.ts";
import { type Connection, type FileReference, parseKubeconfig } from "./kubeconfig.ts";
import { connectionFailed } from "./status.ts";

export type { Connection, Credentials } from "./kubeconfig.ts";

/**
 * Speaks HTTPS to an API server with a client certificate or a token. Requests go over kept-alive HTTP/1.1 connections, in Node twice
 * as fast as HTTP/2. Watches share one HTTP/2 connection: a program follows dozens of kinds, and a TLS connection for each
 * costs memory on both sides.
 */
export function httpsTransport(connection: Connection): Transport {
  const tls: ConnectionOptions = {
    ...(connection.authority === undefined ? {} : { ca: connection.authority }),
    ...(connection.serverName === undefined ? {} : { servername: connection.serverName }),
    ...("certificate" in connection.credentials
      ? { cert: connection.credentials.certificate, key: connection.credentials.key }
      : {}),
  };
  const agent = new Agent({
    ...tls,
    keepAlive: true,
    keepAliveMsecs: probeMs,
    maxSockets,
    maxFreeSockets: maxSockets,
  });
  const server = new URL(connection.server);
  const host = bare(server.hostname);
  const port = Number(server.port || 443);
  const prefix = server.pathname === "/" ? "" : server.pathname;
  const watches = new WatchConnection(server.origin, () =>
    connectTls({ ...tls, host, port, ALPNProtocols: ["h2"] }),
  );
  return {
    request(sent) {
      const exchange: Exchange = { ...sent, path: prefix + sent.path, headers: { ...sent.headers } };
      const bearer = authorization(connection);
      if (bearer) exchange.headers.authorization = bearer;
      return isWatch(sent.path) ? watches.request(exchange) : overHttp1({ agent, host, port }, exchange);
    },
    async close() {
      agent.destroy();
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

/**
 * Connections for requests; what is more waits its turn. All of them are kept: a burst over more connections than are kept spends
 * most of its time on TLS handshakes.
 */
const maxSockets = 16;

/** A silent connection is probed after this time: a peer that vanished without a word is noticed, also by a watch on which nothing happens. */
const probeMs = 15_000;

/** What watches may have under way unread: all of them together, so that none waits for another. */
const watchWindowBytes = 4 * 1024 * 1024;

interface Exchange extends Omit<ApiRequest, "headers"> {
  readonly headers: Record<string, string>;
}

function isWatch(path: string): boolean {
  return path.includes("watch=true");
}

function authorization(connection: Connection): string | undefined {
  if (!("token" in connection.credentials)) return undefined;
  const { token } = connection.credentials;
  return `Bearer ${typeof token === "string" ? token : token()}`;
}

function overHttp1(to: { agent: Agent; host: string; port: number }, sent: Exchange): Promise<ApiResponse> {
  return new Promise((resolve, reject) => {
    const { method, path, headers, body, signal } = sent;
    if (signal?.aborted) return reject(signal.reason);
    if (body) headers["content-length"] = String(body.length);
    const outgoing = request({ ...to, method, path, headers }, (incoming) => {
      resolve({
        status: incoming.statusCode ?? 0,
        headers: incoming.headers as Record<string, string>,
        body: incoming,
      });
    });
    outgoing.once("error", (error) => reject(failure(error, `${to.host}:${to.port}`, signal)));
    if (signal) {
      // What Node does with a signal of its own costs more than the rest of a small request's bookkeeping.
      const stop = () => outgoing.destroy(signal.reason);
      signal.addEventListener("abort", stop, { once: true });
      outgoing.once("close", () => signal.removeEventListener("abort", stop));
    }
    outgoing.end(body);
  });
}

/** One HTTP/2 connection, made when first needed and again after it broke. A break ends all watches on it; each resumes by itself. */
class WatchConnection {
  readonly #origin: string;
  readonly #dial: () => TLSSocket;
  #session: ClientHttp2Session | undefined;

  constructor(origin: string, dial: () => TLSSocket) {
    this.#origin = origin;
    this.#dial = dial;
  }

  request({ method, path, headers, signal }: Exchange): Promise<ApiResponse> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sent = { ":method": method, ":path": path, ...headers };
      const stream = this.#open().request(sent, { endStream: true, ...(signal ? { signal } : {}) });
      stream.once("response", (answer) => {
        const { ":status": status = 0, ...rest } = answer;
        resolve({ status, headers: rest as Record<string, string>, body: stream });
      });
      stream.once("error", (error) => reject(failure(error, this.#origin, signal)));
      stream.once("close", () =>
        reject(failure(new Error("the connection was closed"), this.#origin, signal)),
      );
    });
  }

  close(): void {
    this.#session?.destroy();
    this.#session = undefined;
  }

  #open(): ClientHttp2Session {
    if (this.#session && !this.#session.closed && !this.#session.destroyed) return this.#session;
    const socket = this.#dial();
    socket.setNoDelay(true);
    socket.setKeepAlive(true, probeMs);
    const session = connectHttp2(this.#origin, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: watchWindowBytes },
    });
    session.once("connect", () => session.setLocalWindowSize(watchWindowBytes));
    // The streams tell of errors; the session only must not crash the program with the same ones.
    session.on("error", () => session.destroy());
    session.on("goaway", () => session.close());
    this.#session = session;
    return session;
  }
}

function failure(error: Error, server: string, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  const message = `cannot reach the API server at ${server}: ${messageOf(error)}`;
  return connectionFailed(message, { sent: !neverSent(error), cause: error });
}

function neverSent(error: Error): boolean {
  const { code } = error as { code?: string };
  return code === "ECONNREFUSED" || code === "ENOTFOUND" || code === "EHOSTUNREACH" || code === "ENETUNREACH";
}

/** `[::1]` → `::1`. */
function bare(hostname: string): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}
