import http2 from "node:http2";
import type { Duplex } from "node:stream";
import { type Clock, type Logger, messageOf, type Random } from "#base";
import { backOffMs, limits } from "../limits.ts";
import type { StreamServer } from "../streams/server.ts";
import type { TunnelDialer } from "./dial.ts";

export interface TunnelOptions {
  readonly dial: TunnelDialer;
  readonly nodeName: string;
  readonly streams: StreamServer;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Ends the tunnel. */
  readonly signal: AbortSignal;
}

/**
 * Keeps one connection to the API server, over which that server is the HTTP/2 client and this node answers: so a node
 * needs no address that anybody can reach. Broken, it is dialed again, with growing pauses while that fails.
 */
export async function runTunnel(options: TunnelOptions): Promise<void> {
  const { dial, nodeName, clock, random, logger, signal } = options;
  const path = `/nacre/v1/nodes/${encodeURIComponent(nodeName)}/tunnel`;
  let failures = 0;
  while (!signal.aborted) {
    const begunAt = clock.monotonicMs();
    try {
      await serveUntilClosed(await dial(path, signal), options);
    } catch (error) {
      if (signal.aborted) return;
      if (failures === 0) logger.warn(messageOf(error));
    }
    // One that held for a while was good: begin anew, at once.
    failures = clock.monotonicMs() - begunAt > limits.tunnelRetryMaximumMs ? 1 : failures + 1;
    const pauseMs = backOffMs(failures, limits.tunnelRetryInitialMs, limits.tunnelRetryMaximumMs);
    await clock.sleep(pauseMs * (0.5 + random.float() / 2), signal).catch(() => {});
  }
}

function serveUntilClosed(socket: Duplex, { streams, signal }: TunnelOptions): Promise<void> {
  return new Promise((resolve) => {
    const session = http2.performServerHandshake(socket, {
      maxSessionMemory: limits.tunnelMemoryMegabytes,
      settings: { initialWindowSize: limits.tunnelWindowBytes },
    });
    session.setLocalWindowSize(limits.tunnelConnectionWindowBytes);
    const end = () => session.destroy();
    signal.addEventListener("abort", end, { once: true });
    const done = () => {
      signal.removeEventListener("abort", end);
      if (!session.destroyed) session.destroy();
      socket.destroy();
      resolve();
    };
    session.on("error", done);
    session.once("close", done);
    socket.on("error", done);
    socket.once("close", done);
    streams.serve(session);
  });
}
