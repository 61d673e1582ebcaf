import type { Server } from "node:http";
import type { Clock } from "#base";

/** How a server's end went. */
export interface Drained {
  /** Connections that were cut because their requests took longer than the limit; 0: everybody got their answer. */
  readonly cut: number;
}

/**
 * Ends a server: takes no new connections, closes those that are idle, waits for the requests that are being answered, and cuts off those that are
 * not by `limitMs`.
 */
export async function drain(
  server: Server,
  { clock, limitMs }: { clock: Clock; limitMs: number },
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
  const cut = await new Promise<number>((resolve) =>
    server.getConnections((_error, count) => resolve(count)),
  );
  server.closeAllConnections();
  await closed.promise;
  return { cut };
}
