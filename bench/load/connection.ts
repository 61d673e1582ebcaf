import { connect, type TLSSocket } from "node:tls";
import type { Endpoint } from "./load.ts";

/** Gives the next request as bytes; undefined when there are no more. */
export type NextRequest = () => Buffer | undefined;

/** Told of every whole answer. */
export type OnAnswer = (status: number, bodyBytes: number) => void;

/** One connection that sends a request, waits for the answer, and goes on. */
export interface LoadConnection {
  /** Resolves when `next` has no more requests and the last answer is there. */
  run(next: NextRequest, onAnswer: OnAnswer): Promise<void>;
  close(): void;
}

/** Opens TLS with a client certificate; the handshake is no part of what is measured. */
export function openSocket(endpoint: Endpoint, protocol: "http/1.1" | "h2"): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      {
        host: endpoint.host,
        port: endpoint.port,
        ca: endpoint.authority,
        cert: endpoint.certificate,
        key: endpoint.key,
        ALPNProtocols: [protocol],
      },
      () => resolve(socket),
    );
    socket.setNoDelay(true);
    socket.once("error", reject);
  });
}
