import { once } from "node:events";
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import {
  type Clock,
  type Logger,
  type Metrics,
  must,
  type Random,
  silentLogger,
  systemClock,
  systemRandom,
} from "#base";
import { AddressSet } from "../../addresses.ts";
import { Budget } from "../../calls/budget.ts";
import { limits as httpLimits } from "../../http/limits.ts";
import { httpServer } from "../../http/server.ts";
import { drain } from "../../service/drain.ts";
import type { Tracer } from "../../telemetry/mod.ts";
import type { Balancer } from "../balancer.ts";
import type { Asked } from "../strategy.ts";
import { isWebSocket } from "./accept-request.ts";
import { limits } from "./limits.ts";
import { type Routing, routeRequest, routeUpgrade } from "./route-request.ts";
import { RouterTelemetry } from "./router-telemetry.ts";

export interface RouterOptions {
  /** Whose balancer a request is for; undefined: nobody's, which is answered 404. */
  readonly balancerOf: (request: IncomingMessage) => Balancer | undefined;
  /** What strategies that hash choose by. Absent: the path, and the address that asks. */
  readonly askedOf?: (request: IncomingMessage, clientAddress: string) => Asked;
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Addresses, or ranges of them, of proxies before this one: what they say in `x-forwarded-…` and `forwarded` is believed. Of others it is removed. */
  readonly trustedProxies?: readonly string[];
  readonly connectMs?: number;
  readonly answerMs?: number;
  readonly idleMs?: number;
  readonly tunnelIdleMs?: number;
  readonly requestMs?: number;
  readonly maxConnections?: number;
  readonly maxInFlight?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  readonly metrics?: Metrics;
  readonly tracer?: Tracer;
}

export interface DrainTimes {
  /** How long it goes on taking connections, while answers ask clients to leave. */
  readonly delayMs?: number;
  /** How long requests may take after that. */
  readonly limitMs?: number;
}

/** Discovery on the server's side: clients know this address alone. */
export interface Router {
  readonly url: string;
  /** Drains: who was let in is answered. Resolves when it has ended; once, however often it is called. */
  stop(times?: DrainTimes): Promise<void>;
}

/**
 * Listens, picks an instance for each request, and passes on what it answers; bodies flow through in both directions and are never held whole. An instance that cannot be connected to costs no
 * request. One that is lost before it has answered anything is replaced by another one only where sending the same again does no harm.
 */
export async function startRouter(options: RouterOptions): Promise<Router> {
  const { host = "0.0.0.0", port, requestMs = limits.requestMs, clock = systemClock } = options;
  const { maxConnections = limits.maxConnections, logger = silentLogger } = options;
  let isLeaving = false;
  const routing = routingOf(options, () => isLeaving);
  const server = httpServer((request, response) => void routeRequest(request, response, routing), {
    otherwise: {
      requestTimeout: requestMs,
      headersTimeout: Math.min(requestMs, httpLimits.headersMs),
      shouldUpgradeCallback: isWebSocket,
    },
    ...(options.metrics ? { metrics: options.metrics } : {}),
  });
  // Bytes are bounded, and a header that is left out might be the one that says where a body ends.
  server.maxHeadersCount = 0;
  server.maxConnections = maxConnections;
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("upgrade", (request, socket, head) => {
    void routeUpgrade(request, socket as Socket, head, routing);
  });
  server.listen({ host, port });
  await once(server, "listening");
  const stop = async ({ delayMs = 0, limitMs = limits.drainLimitMs }: DrainTimes) => {
    isLeaving = true;
    if (delayMs > 0) await clock.sleep(delayMs);
    const cutOff = () => {
      for (const socket of sockets) socket.destroy();
    };
    const inFlight = () => routing.telemetry.inFlight;
    const { cut } = await drain(server, { clock, limitMs, inFlight, cutOff });
    if (cut > 0) logger.error("requests were not answered in time, their connections were cut", { cut });
    for (const agent of Object.values(routing.agents)) agent.destroy();
  };
  let stopping: Promise<void> | undefined;
  return {
    url: urlOf(must(server.address(), "a router has an address while it listens") as AddressInfo),
    stop(times = {}) {
      stopping ??= stop(times);
      return stopping;
    },
  };
}

function routingOf(options: RouterOptions, leaving: () => boolean): Routing {
  const { balancerOf, askedOf = byPathAndAddress, trustedProxies = [] } = options;
  const { clock = systemClock, random = systemRandom, metrics, tracer } = options;
  const kept = { keepAlive: true, maxFreeSockets: limits.idleConnections };
  return {
    balancerOf,
    askedOf,
    trusted: new AddressSet(trustedProxies),
    via: `nacre-${random.uint32().toString(36)}`,
    connectMs: options.connectMs ?? limits.connectMs,
    answerMs: options.answerMs ?? limits.answerMs,
    idleMs: options.idleMs ?? limits.idleMs,
    tunnelIdleMs: options.tunnelIdleMs ?? limits.tunnelIdleMs,
    maxInFlight: options.maxInFlight ?? limits.maxInFlight,
    agents: { http: new http.Agent(kept), https: new https.Agent(kept) },
    budget: new Budget(),
    telemetry: new RouterTelemetry({ clock, ...(metrics ? { metrics } : {}), ...(tracer ? { tracer } : {}) }),
    clock,
    logger: options.logger ?? silentLogger,
    leaving,
  };
}

function byPathAndAddress({ url = "" }: IncomingMessage, source: string): Asked {
  return { destination: url, source };
}

function urlOf({ address, port }: AddressInfo): string {
  return `http://${address.includes(":") ? `[${address}]` : address}:${port}`;
}
