import http, {
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  ServerResponse,
} from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import { type Clock, type Logger, must } from "#base";
import type { AddressSet } from "../../addresses.ts";
import type { Budget } from "../../calls/budget.ts";
import { callerOf } from "../../http/caller.ts";
import { deadlineHeader, parseRemaining } from "../../http/deadline.ts";
import { Problem, problem, problemContentType, reducedCapacity } from "../../http/problem.ts";
import type { Balancer, Ended, Picked } from "../balancer.ts";
import { limits as balancing } from "../limits.ts";
import type { Asked } from "../strategy.ts";
import { acceptRequest } from "./accept-request.ts";
import { Attempt, type Outcome } from "./attempt.ts";
import { requestHeaders, upgradeHeaders, withoutAbsent } from "./headers.ts";
import { limits } from "./limits.ts";
import { RequestBody } from "./request-body.ts";
import type { RouterTelemetry, Told, TraceHeaders } from "./router-telemetry.ts";
import { tunnel } from "./tunnel.ts";

/** What all requests of a router share. */
export interface Routing {
  readonly balancerOf: (request: IncomingMessage) => Balancer | undefined;
  readonly askedOf: (request: IncomingMessage, clientAddress: string) => Asked;
  readonly trusted: AddressSet;
  readonly via: string;
  readonly connectMs: number;
  readonly answerMs: number;
  readonly idleMs: number;
  readonly tunnelIdleMs: number;
  readonly maxInFlight: number;
  readonly agents: { readonly http: http.Agent; readonly https: https.Agent };
  /** What repetitions are paid from. */
  readonly budget: Budget;
  readonly telemetry: RouterTelemetry;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly leaving: () => boolean;
}

/** Answers a request with an instance's answer, or with a problem. */
export async function routeRequest(
  request: IncomingMessage,
  response: ServerResponse,
  routing: Routing,
  protocol: Protocol = "http",
): Promise<void> {
  const told = routing.telemetry.began(request);
  // Nobody is there any more: who reads or writes hears of it by other means.
  request.on("error", () => {});
  response.on("error", () => {});
  response.once("close", () => told.ended(response.writableFinished ? response.statusCode : 499));
  try {
    await new Errand(request, response, { routing, told, protocol }).run();
  } catch (error) {
    if (!(error instanceof Problem)) routing.logger.error("a request could not be passed on", { error });
    if (response.headersSent || response.destroyed) response.destroy();
    else tell(response, error instanceof Problem ? error : problem(502, "the service could not be asked"));
  } finally {
    // What is still to come is read, and goes nowhere: the connection may be used again.
    request.resume();
  }
}

/** The same for one whose connection is to be handed over. */
export async function routeUpgrade(
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  routing: Routing,
): Promise<void> {
  socket.on("error", () => {});
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  try {
    response.assignSocket(socket);
  } catch {
    // An earlier request on the connection is not answered yet: RFC 9110, section 7.8, has the upgrade wait for that, and nobody would know whose bytes come next.
    socket.destroy();
    return;
  }
  response.once("finish", () => socket.destroySoon());
  if (head.length > 0) socket.unshift(head);
  await routeRequest(request, response, routing, "websocket");
}

/** What is spoken on a connection once its request was answered. */
type Protocol = "http" | "websocket";

interface ErrandOptions {
  readonly routing: Routing;
  readonly told: Told;
  readonly protocol: Protocol;
}

/** One request on its way from instance to instance. */
class Errand {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #routing: Routing;
  readonly #told: Told;
  readonly #protocol: Protocol;
  readonly #deadlineMs: number;
  /** Whether to send it twice does what to send it once does. */
  readonly #isRepeatable: boolean;
  readonly #body: RequestBody;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    { routing, told, protocol }: ErrandOptions,
  ) {
    const { method = "GET", headers } = request;
    this.#request = request;
    this.#response = response;
    this.#routing = routing;
    this.#told = told;
    this.#protocol = protocol;
    const remainingMs = parseRemaining(headers[deadlineHeader]) ?? Number.POSITIVE_INFINITY;
    this.#deadlineMs = routing.clock.monotonicMs() + remainingMs;
    this.#isRepeatable = repeatable.has(method) || headers["idempotency-key"] !== undefined;
    this.#body = new RequestBody(request, this.#isRepeatable ? limits.heldBodyBytes : 0);
  }

  async run(): Promise<void> {
    const { balancerOf, askedOf, trusted, via, budget, maxInFlight, telemetry } = this.#routing;
    acceptRequest(this.#request, via);
    if (telemetry.inFlight > maxInFlight)
      throw problem(503, "there is too much to do", {
        type: reducedCapacity,
        headers: { "retry-after": "1" },
      });
    const balancer = balancerOf(this.#request);
    if (!balancer) throw problem(404, "no service is behind this address");
    this.#told.service = balancer.service;
    budget.earn();
    const asked = askedOf(this.#request, callerOf(this.#request, trusted));
    const tried = new Set<string>();
    for (let left: number = balancing.reroutes; ; left -= 1) {
      const picked = await balancer.pick(asked, tried);
      const outcome = await this.#attempt(picked);
      if (outcome.how === "answered" || outcome.how === "gone") return;
      if (outcome.how === "upgraded") return this.#handOver(outcome);
      if (outcome.how === "failed") throw problem(502, "an instance broke off its answer");
      const isStale = outcome.how === "lost" && outcome.stale;
      if (!isStale) tried.add(picked.instance.url);
      const hasWhom = isStale || balancer.hasOthers(tried);
      if (left === 0 || !hasWhom || !this.#mayRepeat(outcome)) throw this.#inVain(outcome, balancer);
    }
  }

  #mayRepeat({ how }: Outcome): boolean {
    if (how === "unreached") return true;
    return this.#isRepeatable && this.#body.isHeld && this.#routing.budget.spend();
  }

  #inVain({ how }: Outcome, { service }: Balancer): Problem {
    if (how === "unreached") return problem(503, `no instance of ${service} could be reached`);
    return problem(502, `an instance of ${service} broke off before it answered`);
  }

  async #attempt(picked: Picked): Promise<Outcome> {
    const { clock, connectMs, answerMs, idleMs, leaving } = this.#routing;
    const remainingMs = this.#deadlineMs - clock.monotonicMs();
    if (this.#response.destroyed || remainingMs <= 0) {
      // Its caller has gone while it waited to hear who is there, or leaves no time to ask.
      picked.ended("gone");
      if (this.#response.destroyed) return { how: "gone" };
      throw problem(504, "there was no answer before the deadline");
    }
    const telling = this.#told.attempt(picked.instance.url);
    let ended = "failed";
    let status = 500;
    try {
      const outcome = await new Attempt({
        request: this.#request,
        response: this.#response,
        body: this.#body,
        ask: () => this.#ask(new URL(picked.instance.url), telling.headers, remainingMs),
        leaving,
        mayUpgrade: this.#protocol === "websocket",
        clock,
        connectMs,
        answerMs,
        deadlineMs: this.#deadlineMs,
        idleMs,
      }).run();
      ended = outcome.how;
      status = this.#response.statusCode;
      return outcome;
    } catch (error) {
      if (error instanceof Problem) status = error.status;
      if (status === 408) ended = "gone";
      throw error;
    } finally {
      telling.ended(ended);
      picked.ended(this.#verdictOn(ended, status));
    }
  }

  #ask(place: URL, trace: TraceHeaders, remainingMs: number): ClientRequest {
    const { agents, trusted, via } = this.#routing;
    const { method, url } = this.#request;
    const [begin, agent] =
      place.protocol === "https:" ? [https.request, agents.https] : [http.request, agents.http];
    return begin({
      agent,
      hostname: place.hostname.replace(/^\[|\]$/g, ""),
      port: place.port,
      method,
      path: url,
      headers: withoutAbsent({
        ...requestHeaders(this.#request, { trusted, via }),
        ...trace,
        ...(Number.isFinite(remainingMs) ? { [deadlineHeader]: String(Math.ceil(remainingMs)) } : {}),
        ...(this.#protocol === "websocket" ? { connection: "upgrade", upgrade: "websocket" } : {}),
      }),
    });
  }

  #verdictOn(how: string, status: number): Ended {
    if (how === "gone" || how === "upgraded") return "gone";
    if (status === 504) return { deadlineMs: this.#deadlineMs };
    return how === "answered" && status < 500 ? "answered" : "failed";
  }

  /** From here on nobody reads what goes to and fro. */
  async #handOver({ answer, socket, head }: Outcome & { how: "upgraded" }): Promise<void> {
    const { clock, tunnelIdleMs: idleMs } = this.#routing;
    const client = must(this.#response.socket, "who is still there has a connection");
    this.#response.detachSocket(client);
    client.write(`HTTP/1.1 101 Switching Protocols\r\n${headerLines(upgradeHeaders(answer))}\r\n`);
    if (head.length > 0) client.write(head);
    socket.on("error", () => {});
    await tunnel(client, socket, { clock, idleMs });
    this.#told.ended(101);
  }
}

/** Methods that do no more when they come twice, RFC 9110, section 9.2.2. */
const repeatable: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** The parser took no line ends within them. */
function headerLines(headers: OutgoingHttpHeaders): string {
  return Object.entries(headers)
    .flatMap(([name, value]) => [value ?? []].flat().map((each) => `${name}: ${each}\r\n`))
    .join("");
}

function tell(response: ServerResponse, refused: Problem): void {
  response.writeHead(refused.status, { ...refused.headers, "content-type": problemContentType });
  response.end(JSON.stringify(refused.document()));
}
