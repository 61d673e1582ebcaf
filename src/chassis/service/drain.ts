import type { Server } from "node:http";
import type { Clock } from "#base";

/** How a server's end went. */
export interface Drained {
  /** Requests that were cut off because they took longer than the limit; 0: everybody got their answer. */
  readonly cut: number;
}

export interface DrainOptions {
  readonly clock: Clock;
  readonly limitMs: number;
  /** Requests that are being answered. */
  readonly inFlight: () => number;
  /** Closes all connections, for a server that knows of more than HTTP's. */
  readonly cutOff?: () => void;
}

/**
 * Ends a server: takes no new connections, closes those that are idle, waits for the requests that are being answered, and cuts off those that are
 * not by `limitMs`.
 */
export async function drain(
  server: Server,
  { clock, limitMs, inFlight, cutOff = () => server.closeAllConnections() }: DrainOptions,
): Promise<Drained> {
  const closed = Promise.withResolvers<"closed">();
  server.close(() => closed.resolve("closed"));
  const gaveUp = new AbortController();
  const outcome = await Promise.race([
    closed.promise,
    clock.sleep(limitMs, gaveUp.signal).catch(() => "closed" as const),
  ]);
  gaveUp.abort();
  if (outcome === "closed") return { cut: 0 };
  // Connections whose request has not come as a whole by now are none: a stranger may send a letter a minute.
  const cut = inFlight();
  cutOff();
  await closed.promise;
  return { cut };
}
