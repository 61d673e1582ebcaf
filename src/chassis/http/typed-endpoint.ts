import { parse as parseQuery } from "node:querystring";
import { must } from "#base";
import { subscriberOf } from "../addresses.ts";
import { type Access, type Authenticator, authorize, type Principal } from "../auth/mod.ts";
import { Answer } from "./answer.ts";
import { CallerRates } from "./caller-rates.ts";
import { contentOf, type Pieces } from "./content.ts";
import type { Endpoint } from "./dispatcher.ts";
import type { Exchange } from "./exchange.ts";
import { readJson } from "./json-body.ts";
import { limits } from "./limits.ts";
import {
  type AnswerStatus,
  type AnyHandler,
  type HandlerRequest,
  ordinaryStatus,
  type Route,
  type Shape,
} from "./route.ts";
import type { Parts, Validator } from "./validator.ts";

/** An endpoint of a typed route, and how to have it ready before the first request. */
export interface TypedEndpoint extends Endpoint {
  /** Loads what checks requests and compiles the schemas: once, and with the first request at the latest. */
  prepare(): Promise<void>;
}

/** What answers a route: reads its parts, checks them, calls the handler, and answers with what it gives. */
export function typedEndpoint(
  { shape }: Route,
  handler: AnyHandler,
  authenticator?: Authenticator,
): TypedEndpoint {
  const { timeoutMs = limits.answerMs, maxBodyBytes = limits.maxBodyBytes } = shape;
  const ordinary = ordinaryStatus(shape);
  const headerNames = Object.keys((shape.headers?.properties as object | undefined) ?? {});
  const rates = shape.rateLimit && new CallerRates(shape.rateLimit);
  let validate: Validator | undefined;
  let preparing: Promise<void> | undefined;

  const prepare = () => {
    preparing ??= import("./validator.ts").then(({ compileValidator }) => {
      validate = compileValidator(shape);
    });
    return preparing;
  };

  const read = async (exchange: Exchange): Promise<Request> => {
    if (!validate) await prepare();
    // Before anything that a stranger sent is read.
    const principal = shape.access && (await admit(shape.access, exchange, authenticator));
    rates?.take(principal?.subject ?? subscriberOf(exchange.callerAddress), exchange.startedMs);
    const parts: Parts = {
      params: shape.params ? { ...exchange.params } : exchange.params,
      query: shape.query ? { ...parseQuery(exchange.query) } : undefined,
      headers: shape.headers ? pick(exchange.request.headers, headerNames) : undefined,
      body: shape.body ? await readJson(exchange.request, maxBodyBytes) : undefined,
    };
    validate?.(parts);
    return new Request(exchange, parts, principal);
  };

  return {
    prepare,
    answer: async (exchange) => {
      exchange.limit(timeoutMs);
      const result = await handler((await read(exchange)) as never);
      if (result instanceof Answer) reply(exchange, shape, result);
      else reply(exchange, shape, new Answer(ordinary, result, none));
    },
  };
}

async function admit(
  access: Access,
  { request, params }: Exchange,
  authenticator?: Authenticator,
): Promise<Principal> {
  const known = must(authenticator, "a route that says who may ask has an authenticator");
  const principal = await known.authenticate(request.headers.authorization);
  authorize(access, principal, params);
  return principal;
}

const none: Readonly<Record<string, string>> = {};

function reply(exchange: Exchange, { answers }: Shape, { status, body, headers }: Answer): void {
  const { type, as } = contentOf(answers[status as AnswerStatus]);
  const all = { ...headers, "content-type": type };
  if (body === undefined) exchange.send(status, { ...headers });
  else if (as === "stream") exchange.sendStream(status, all, body as Pieces);
  else exchange.send(status, all, as === "json" ? JSON.stringify(body) : (body as string | Uint8Array));
}

/** What a handler sees. The signal is made only when it is asked for. */
class Request implements HandlerRequest<Route> {
  readonly params: never;
  readonly query: never;
  readonly headers: never;
  readonly body: never;
  readonly principal: never;
  readonly #exchange: Exchange;

  constructor(exchange: Exchange, { params, query, headers, body }: Parts, principal: Principal | undefined) {
    this.#exchange = exchange;
    this.params = params as never;
    this.query = query as never;
    this.headers = headers as never;
    this.body = body as never;
    this.principal = principal as never;
  }

  get callerAddress(): string {
    return this.#exchange.callerAddress;
  }

  get signal(): AbortSignal {
    return this.#exchange.signal;
  }

  get logger() {
    return this.#exchange.logger;
  }

  get remainingMs(): () => number {
    return () => this.#exchange.remainingMs();
  }
}

function pick(headers: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.filter((name) => name in headers).map((name) => [name, headers[name]]));
}
