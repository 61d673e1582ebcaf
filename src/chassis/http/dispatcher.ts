import type { IncomingMessage, ServerResponse } from "node:http";
import { runAs } from "../telemetry/mod.ts";
import { Exchange, type ExchangeContext } from "./exchange.ts";
import { problem } from "./problem.ts";
import { Router } from "./router.ts";

/** Something that answers. */
export interface Endpoint {
  /** Answers by `exchange.send`, at once or later, or throws. */
  readonly answer: (exchange: Exchange) => void | Promise<void>;
  /** When true, requests that go well are not logged. */
  readonly quiet?: boolean;
  /** When true, pages of other origins may ask, where the service says which. */
  readonly crossOrigin?: boolean;
}

interface Mounted extends Endpoint {
  readonly path: string;
}

/** Hands each request to the endpoint it is for, and makes an answer of whatever goes wrong. */
export class Dispatcher {
  readonly #router = new Router<Mounted>();
  readonly #context: ExchangeContext;

  constructor(context: ExchangeContext) {
    this.#context = context;
  }

  mount(method: string, path: string, endpoint: Endpoint): void {
    this.#router.add(method, path, { path, ...endpoint });
  }

  /** For `http.createServer`. */
  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    const exchange = new Exchange(request, response, this.#context);
    runAs(exchange, () => {
      try {
        const answering = this.#answer(exchange);
        answering?.catch((error) => exchange.fail(error));
      } catch (error) {
        exchange.fail(error);
      }
    });
  };

  #answer(exchange: Exchange): Promise<void> | undefined {
    const { request } = exchange;
    const method = request.method ?? "GET";
    // Not about a path, but whether there is a server at all: RFC 9110, section 9.3.7.
    if (exchange.path === "*") return void exchange.send(204, {});
    const match = this.#router.match(method === "HEAD" ? "GET" : method, exchange.path);
    switch (match.found) {
      case "route": {
        exchange.route = match.target.path;
        exchange.params = match.params;
        exchange.quiet = match.target.quiet ?? false;
        exchange.crossOrigin = match.target.crossOrigin ?? false;
        return match.target.answer(exchange) ?? undefined;
      }
      case "malformed":
        throw problem(
          400,
          "the path is not well-formed: a percent sign is followed by two hexadecimal digits",
        );
      case "nothing":
        throw problem(404, `there is nothing at ${exchange.path}`);
      case "others": {
        const methods = [...match.others.keys()].sort();
        const allow = [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
        exchange.crossOrigin = [...match.others.values()].some(({ crossOrigin }) => crossOrigin);
        if (method === "OPTIONS") return void exchange.sendOptions(methods, allow);
        throw problem(405, `${method} is not possible at ${exchange.path}, but ${allow}`, {
          headers: { allow },
        });
      }
    }
  }
}
