import { connect, type NatsConnection, type NodeConnectionOptions } from "@nats-io/transport-node";
import type { Logger } from "#base";
import { unlessAborted } from "../unless-aborted.ts";
import { Away } from "./when-there.ts";

/** A connection that comes back by itself, and says when it was away. */
export interface Connection {
  readonly nats: NatsConnection;
  /** Of the connection as it is now: aborted when it is lost or closed. The next one has its own. */
  readonly lost: AbortSignal;
  /** Resolves when there is a connection; rejects when `signal` is aborted first. */
  up(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly servers: string | readonly string[];
  /** Who is connected, as the server's lists show it. */
  readonly name?: string;
  /** Whatever else `@nats-io/transport-node` takes: credentials, certificates. */
  readonly options?: NodeConnectionOptions;
  readonly log: Logger;
}

export async function openConnection({ servers, name, options, log }: ConnectOptions): Promise<Connection> {
  const nats = await connect({
    ...options,
    servers: typeof servers === "string" ? servers : [...servers],
    ...(name === undefined ? {} : { name }),
    // A broker that is away is waited for, however long: it is the callers who have deadlines.
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    reconnectJitter: 100,
    // What is broken off is noticed by then; the default takes two minutes for it.
    pingInterval: 5_000,
    maxPingOut: 2,
  });
  let current = new AbortController();
  let standing = Promise.withResolvers<void>();
  standing.resolve();
  const watch = (async () => {
    for await (const status of nats.status()) {
      if (status.type === "disconnect") {
        if (current.signal.aborted) continue;
        log.warn("the connection to NATS is lost", { server: status.server });
        standing = Promise.withResolvers();
        current.abort(new Away("the connection to NATS is lost"));
      } else if (status.type === "reconnect") {
        log.info("connected to NATS again", { server: status.server });
        current = new AbortController();
        standing.resolve();
      }
    }
  })();
  return {
    nats,
    get lost() {
      return current.signal;
    },
    up: (signal) => unlessAborted(signal, standing.promise),
    async close() {
      const closed = new Error("the connection to NATS is closed");
      current.abort(closed);
      // Whoever waits for it to be back waits in vain.
      standing.promise.catch(() => {});
      standing.reject(closed);
      await nats.close();
      await watch;
    },
  };
}

/** Does work on the connection that there is, within a bounded time; its signal is aborted when that is over. */
export type OnConnection = <Result>(work: (signal: AbortSignal) => Promise<Result>) => Promise<Result>;
