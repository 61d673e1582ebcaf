import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from "node:http2";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type Clock, type Logger, unavailable } from "#base";
import {
  tunnelAnswerMs,
  tunnelKeepAliveMs,
  tunnelMemoryMegabytes,
  tunnelStreamWindowBytes,
  tunnelWaitMs,
  tunnelWindowBytes,
} from "../limits.ts";
import { errorFrom } from "./node-error.ts";
import { NodeStream } from "./node-stream.ts";

/** What is asked of a node's agent. Paths as the kubelet's: `/containerLogs/shop/web-1/web?follow=true`. */
export interface NodeRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Ends the conversation, on the node too. */
  readonly signal: AbortSignal;
}

/**
 * The open tunnels, one per node, dialled by its agent. Each is an HTTP/2 connection turned round: the API server asks,
 * the agent answers; so nodes need no port open, and work behind address translation.
 */
export class Tunnels {
  readonly #sessions = new Map<string, ClientHttp2Session>();
  readonly #waiting = new Map<string, Set<(session: ClientHttp2Session) => void>>();
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(options: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** Takes over a socket on which the agent has become the server. A newer tunnel of a node replaces the older. */
  accept(node: string, socket: Duplex): void {
    keepAlive(socket as Socket);
    const session = connect("http://nacre-node", {
      createConnection: () => socket,
      settings: { initialWindowSize: tunnelStreamWindowBytes, enablePush: false },
      maxSessionMemory: tunnelMemoryMegabytes,
    });
    session.once("connect", () => session.setLocalWindowSize(tunnelWindowBytes));
    session.on("error", (error) =>
      this.#logger.debug("a node's tunnel failed", { node, error: error.message }),
    );
    session.once("close", () => {
      if (this.#sessions.get(node) === session) this.#sessions.delete(node);
      this.#logger.info("a node's tunnel has closed", { node });
    });
    // The older one may be a connection that died unnoticed; what still runs on it may end by itself.
    this.#sessions.get(node)?.close();
    this.#sessions.set(node, session);
    this.#logger.info("a node's tunnel is open", { node });
    for (const wake of this.#waiting.get(node) ?? []) wake(session);
    this.#waiting.delete(node);
  }

  /**
   * Begins a conversation; resolves once the node has accepted it (200). Throws what the node refused it with, or
   * ServiceUnavailable when the node cannot be reached. Waits a little for a tunnel that is being dialled again.
   */
  async request(node: string, request: NodeRequest): Promise<NodeStream> {
    request.signal.throwIfAborted();
    const session = this.#usable(node) ?? (await this.#appears(node, request.signal));
    const headers: OutgoingHttpHeaders = { ":method": request.method, ":path": request.path };
    const stream = session.request(headers, { endStream: request.method === "GET" });
    stream.on("error", () => {});
    const answered = new NodeStream(stream, node);
    const giveUp = () => answered.destroy();
    request.signal.addEventListener("abort", giveUp, { once: true });
    stream.once("close", () => request.signal.removeEventListener("abort", giveUp));
    const status = await this.#answer(node, stream);
    if (status === 200) return answered;
    throw await errorFrom(answered, status, node);
  }

  close(): void {
    for (const session of this.#sessions.values()) session.destroy();
    this.#sessions.clear();
  }

  /** A session that has just ended is not told apart from none. */
  #usable(node: string): ClientHttp2Session | undefined {
    const session = this.#sessions.get(node);
    return session && !session.closed && !session.destroyed ? session : undefined;
  }

  #appears(node: string, signal: AbortSignal): Promise<ClientHttp2Session> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(node) ?? new Set();
      this.#waiting.set(node, waiting);
      const finish = (end: () => void) => {
        timer.cancel();
        signal.removeEventListener("abort", abort);
        waiting.delete(wake);
        end();
      };
      const wake = (session: ClientHttp2Session) => finish(() => resolve(session));
      const abort = () => finish(() => reject(signal.reason));
      const timer = this.#clock.setTimer(tunnelWaitMs, () => finish(() => reject(noTunnel(node))), {
        unref: true,
      });
      signal.addEventListener("abort", abort, { once: true });
      waiting.add(wake);
    });
  }

  #answer(node: string, stream: ClientHttp2Stream): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimer(tunnelAnswerMs, () => {
        stream.close(constants.NGHTTP2_CANCEL);
        reject(
          unavailable(`the agent of node ${node} did not answer within ${tunnelAnswerMs / 1000} seconds`),
        );
      });
      stream.once("response", (headers) => {
        timer.cancel();
        resolve(Number(headers[":status"]));
      });
      stream.once("close", () => {
        timer.cancel();
        reject(unavailable(`the tunnel of node ${node} closed before its agent answered; try again`));
      });
    });
  }
}

function noTunnel(node: string) {
  return unavailable(
    `the agent of node ${node} has no tunnel open; is it running? See "kubectl describe node ${node}", and the agent's log on that machine`,
  );
}

/** Tunnels stay open for as long as both sides live; the kernel finds out when one is gone without a word. */
function keepAlive(socket: Socket): void {
  socket.setKeepAlive?.(true, tunnelKeepAliveMs);
  socket.setNoDelay?.(true);
}
