import type { TLSSocket } from "node:tls";
import type { ApiRequest, ApiResponse } from "#api";
import { Http1Connection, type Sending } from "./http1-connection.ts";

export interface Http1PoolOptions {
  /** Begins to connect; a session of before makes that shorter. */
  readonly dial: (session: Buffer | undefined) => TLSSocket;
  /** As requests name the server. */
  readonly host: string;
  readonly nowMs: () => number;
}

/**
 * Kept-alive HTTP/1.1 connections to one server. What is more than they can carry waits its turn. All of them are kept: a burst over
 * more connections than are kept spends most of its time on TLS handshakes.
 */
export class Http1Pool {
  readonly #options: Http1PoolOptions;
  readonly #connections = new Set<Http1Connection>();
  /** The last used is used next, so that no more are kept busy than are needed. */
  readonly #idle: Http1Connection[] = [];
  /** In order; with how to stop watching for their end. */
  readonly #waiting = new Map<Sending, () => void>();
  #session: Buffer | undefined;

  constructor(options: Http1PoolOptions) {
    this.#options = options;
  }

  /** Rejects with what broke the connection, or with the reason of the request's signal. */
  request(request: ApiRequest): Promise<ApiResponse> {
    return new Promise((resolve, reject) => {
      if (request.signal?.aborted) reject(request.signal.reason);
      else this.#send({ request, resolve, reject });
    });
  }

  /** Breaks what is under way. */
  close(): void {
    for (const connection of [...this.#connections]) connection.destroy();
  }

  #send(sending: Sending): void {
    const connection = this.#free();
    if (connection) this.#sendOn(connection, sending);
    else this.#wait(sending);
  }

  #free(): Http1Connection | undefined {
    for (let one = this.#idle.pop(); one; one = this.#idle.pop()) {
      if (one.isFresh) return one;
      one.destroy();
    }
    return this.#connections.size < mostConnections ? this.#dial() : undefined;
  }

  #sendOn(connection: Http1Connection, sending: Sending): void {
    try {
      connection.send(sending);
    } catch (error) {
      sending.reject(error);
      this.#serve(connection);
    }
  }

  #wait(sending: Sending): void {
    const { signal } = sending.request;
    const stop = () => {
      this.#waiting.delete(sending);
      sending.reject(signal?.reason);
    };
    signal?.addEventListener("abort", stop, { once: true });
    this.#waiting.set(sending, () => signal?.removeEventListener("abort", stop));
  }

  #dial(): Http1Connection {
    const { dial, host, nowMs } = this.#options;
    const socket = dial(this.#session);
    socket.on("session", (session) => {
      this.#session = session;
    });
    const connection = new Http1Connection({
      socket,
      host,
      nowMs,
      onIdle: (one) => this.#serve(one),
      onClosed: (one) => this.#closed(one),
    });
    this.#connections.add(connection);
    return connection;
  }

  /** Who waits longest gets the connection. */
  #serve(connection: Http1Connection): void {
    const next = this.#nextWaiting();
    if (next) this.#sendOn(connection, next);
    else this.#idle.push(connection);
  }

  #closed(connection: Http1Connection): void {
    this.#connections.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    const next = this.#nextWaiting();
    if (next) this.#send(next);
  }

  #nextWaiting(): Sending | undefined {
    for (const [sending, release] of this.#waiting) {
      release();
      this.#waiting.delete(sending);
      return sending;
    }
    return undefined;
  }
}

/** Enough for many writes to share a commit of the server, and few enough for what each costs both sides. */
const mostConnections = 16;
