import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { must } from "#base";

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Where the port was said. */
  readonly origin: string;
}

/** Resolves when `server` takes connections. */
export async function listen(server: Server, { host, port, origin }: ListenOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject).listen({ host, port }, resolve);
  try {
    await promise;
  } catch (error) {
    throw new Error(
      `cannot listen on ${host}:${port} (the port is from ${origin}): ${(error as NodeJS.ErrnoException).code}; see who does: ss -ltnp 'sport = :${port}'`,
      { cause: error },
    );
  } finally {
    server.off("error", reject);
  }
}

/** Where a server listens: `http://127.0.0.1:8080`. */
export function urlOf(server: Server): string {
  const { address, port } = must(
    server.address(),
    "a service has an address while it listens",
  ) as AddressInfo;
  return `http://${address.includes(":") ? `[${address}]` : address}:${port}`;
}
