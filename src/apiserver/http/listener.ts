import type { EventEmitter } from "node:events";
import {
  createServer as createHttp2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { createServer as createHttpsServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { trunkProtocol } from "#api";
import { type Clock, messageOf, must } from "#base";
import { closeGraceMs, keepAliveMs, maxStreamsPerConnection } from "../limits.ts";
import type { Parts } from "../pipeline/parts.ts";
import { answerHttp1, answerUpgrade } from "./http1.ts";
import { answerHttp2 } from "./http2.ts";
import { Trunk } from "./trunk/trunk.ts";

export interface ListenOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
  /** PEM of the authority whose client certificates are believed. Without it none is asked for. */
  readonly clientAuthority?: string;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Takes no more connections, lets running requests finish for a while, and ends watches. */
  close(): Promise<void>;
}

/** Opens a TLS port that speaks HTTP/1.1 and HTTP/2, whichever the client prefers, and with the cluster's own programs a trunk. */
export async function listen(parts: Parts, options: ListenOptions): Promise<Listener> {
  const open: Open = { sockets: new Set(), sessions: new Set(), trunks: new Set(), conversations: new Set() };
  const server = openServer(parts, options, open);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  const { port } = must(server.address(), "a listening server has an address") as AddressInfo;
  return { host: options.host, port, close: () => close(parts.machinery.clock, server, open) };
}

/** What must be gone before a closing server is. */
interface Open {
  /** Every connection, also before its handshake. */
  readonly sockets: Set<Socket>;
  readonly sessions: Set<ServerHttp2Session>;
  readonly trunks: Set<Trunk>;
  /** Connections that were upgraded: they end when they are ended. */
  readonly conversations: Set<Duplex>;
}

function openServer(parts: Parts, options: ListenOptions, open: Open): Server {
  const { certificate, key, clientAuthority } = options;
  const server = createHttpsServer({
    cert: certificate,
    key,
    ...(clientAuthority === undefined ? {} : { ca: clientAuthority, requestCert: true }),
    rejectUnauthorized: false,
    minVersion: "TLSv1.2",
    ALPNProtocols: [trunkProtocol, "h2", "http/1.1"],
    keepAliveTimeout: keepAliveMs,
    noDelay: true,
  });
  const dropping = (conversation: Destroyable) => (error: unknown) => giveUp(parts, conversation, error);
  server.on("request", (incoming, response) => {
    answerHttp1(parts, incoming, response).catch(dropping(response));
  });
  server.on("connection", (socket) => track(open.sockets, socket));
  server.on("upgrade", (incoming, socket, head) => {
    track(open.conversations, socket);
    answerUpgrade(parts, incoming, socket, head).catch(dropping(socket));
  });
  server.on("clientError", refuseUnreadable);

  const http2 = createHttp2Server({ settings: { maxConcurrentStreams: maxStreamsPerConnection } });
  http2.on("stream", (stream, headers) => {
    answerHttp2(parts, stream as ServerHttp2Stream, headers).catch(dropping(stream as ServerHttp2Stream));
  });
  http2.on("session", (session) => {
    track(open.sessions, session);
    session.on("error", () => session.destroy());
  });
  route(server, {
    h2: (socket) => http2.emit("connection", socket),
    [trunkProtocol]: (socket) => trackTrunk(open.trunks, new Trunk(parts, socket), socket),
  });
  return server;
}

/** Says what is wrong with what is no HTTP, as far as anybody is listening. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  const statuses: Record<string, string> = {
    HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
    ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  };
  const status = statuses[error.code ?? ""] ?? "400 Bad Request";
  if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
  else socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

interface Destroyable {
  destroy(): unknown;
}

/** One request that could not even be refused is dropped: it must not take the others with it. */
function giveUp({ logger }: Parts, conversation: Destroyable, error: unknown): void {
  const stack = error instanceof Error ? error.stack : undefined;
  logger.error("an answer could not be sent", { error: messageOf(error), stack });
  conversation.destroy();
}

/** Takes connections that have agreed on another protocol away from the HTTP/1.1 server, and leaves it all others. */
function route(server: Server, others: Readonly<Record<string, (socket: TLSSocket) => void>>): void {
  const onHttp1 = server.listeners("secureConnection");
  server.removeAllListeners("secureConnection");
  server.on("secureConnection", (socket) => {
    const other = others[socket.alpnProtocol || "http/1.1"];
    if (other) other(socket);
    else for (const listener of onHttp1) listener.call(server, socket);
  });
}

function trackTrunk(trunks: Set<Trunk>, trunk: Trunk, socket: TLSSocket): void {
  trunks.add(trunk);
  socket.once("close", () => trunks.delete(trunk));
}

function track<T extends EventEmitter>(set: Set<T>, member: T): void {
  set.add(member);
  member.once("close", () => set.delete(member));
}

async function close(clock: Clock, server: Server, open: Open): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  for (const session of open.sessions) session.close();
  for (const trunk of open.trunks) trunk.close();
  for (const conversation of open.conversations) conversation.destroy();
  const deadline = clock.setTimer(closeGraceMs, () => {
    for (const socket of open.sockets) socket.destroy();
  });
  await closed;
  deadline.cancel();
}
