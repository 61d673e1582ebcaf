import type { Server, Socket } from "node:net";
import type { Clock } from "#base";
import { net, perfHooks } from "../node-modules.ts";
import { limits } from "./limits.ts";
import type { Line } from "./turn.ts";

/**
 * How long new connections wait to be accepted. The loop takes one in each of its turns, so that a process with too much to do lets its callers wait in
 * the kernel, where it cannot see them, while each turn looks short. So, when the loop has had no idle moment for a while, the service stands in that
 * line itself: a connection to its own port waits as long as everybody else's.
 */
export class AcceptQueue implements Line {
  readonly #server: Server;
  readonly #clock: Clock;
  #lookedMs = 0;
  #idleMs = -1;
  /** Stands in line since then. */
  #probe: { readonly socket: Socket; readonly sinceMs: number } | undefined;
  /** What the last probe has waited. */
  #waitedMs = 0;

  constructor(server: Server, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
    server.on("connection", (socket) => this.#accepted(socket));
  }

  delayMs(nowMs: number): number {
    if (nowMs - this.#lookedMs >= limits.idleLookMs) this.#look(nowMs);
    return this.#probe ? Math.max(this.#waitedMs, nowMs - this.#probe.sinceMs) : this.#waitedMs;
  }

  #look(nowMs: number): void {
    const { idle } = perfHooks.performance.eventLoopUtilization();
    const wasIdle = idle !== this.#idleMs;
    this.#lookedMs = nowMs;
    this.#idleMs = idle;
    if (wasIdle) this.#forget();
    else if (!this.#probe) this.#stand(nowMs);
  }

  /** Who has time to wait has nobody waiting. A probe that is still out was lost: the kernel drops who comes when the line is full. */
  #forget(): void {
    this.#waitedMs = 0;
    this.#probe?.socket.destroy();
    this.#probe = undefined;
  }

  #stand(sinceMs: number): void {
    const address = this.#server.address();
    if (address === null || typeof address === "string") return;
    const socket = net.connect({ host: reachable(address.address), port: address.port }).unref();
    this.#probe = { socket, sinceMs };
    // It is refused when the service is ending.
    socket
      .on("error", () => {})
      .on("close", () => {
        if (this.#probe?.socket === socket) this.#probe = undefined;
      });
  }

  #accepted(socket: Socket): void {
    const probe = this.#probe;
    if (!probe || socket.remotePort !== probe.socket.localPort) return;
    this.#waitedMs = this.#clock.monotonicMs() - probe.sinceMs;
    this.#probe = undefined;
    probe.socket.destroy();
  }
}

/** Where a service that listens on all addresses is to be found from here. */
function reachable(address: string): string {
  return address === "0.0.0.0" ? "127.0.0.1" : address === "::" ? "::1" : address;
}
