import { assert, must } from "#base";
import type { Authenticator } from "../auth/mod.ts";
import {
  type Admission,
  type AnyHandler,
  type Dispatcher,
  openApi,
  problem,
  type Routes,
  reducedCapacity,
  type TypedEndpoint,
} from "../http/mod.ts";
import { prometheusContentType, renderPrometheus } from "../telemetry/mod.ts";
import type { Registry } from "../telemetry/registry.ts";
import type { Health } from "./health.ts";

/** What every service answers besides its routes. */
export interface OwnParts {
  readonly about: {
    readonly name: string;
    readonly version: string;
    readonly description?: string;
    readonly routes: Routes;
  };
  readonly health: Health;
  readonly registry: Registry;
}

/** Mounts /livez, /readyz, /healthz, /metrics and /openapi.json. */
export function mountOwn(dispatcher: Dispatcher, { about, health, registry }: OwnParts): void {
  dispatcher.mount("GET", "/livez", health.endpoint("live"));
  dispatcher.mount("GET", "/readyz", health.endpoint("ready"));
  dispatcher.mount("GET", "/healthz", health.endpoint("live", "ready"));
  dispatcher.mount("GET", "/metrics", {
    quiet: true,
    answer: (exchange) => {
      exchange.send(200, { "content-type": prometheusContentType }, renderPrometheus(registry.collect()));
    },
  });
  const { name: title, version, description, routes } = about;
  const document = () => openApi(routes, { title, version, ...(description ? { description } : {}) });
  let text: string | undefined;
  dispatcher.mount("GET", "/openapi.json", {
    answer: (exchange) => {
      text ??= JSON.stringify(document());
      exchange.send(200, { "content-type": "application/json" }, text);
    },
  });
}

/** The service's routes: mounted from the beginning, answered by 503 until their handlers are there. */
export class RouteSet {
  readonly #routes: Routes;
  readonly #endpoints = new Map<string, TypedEndpoint>();

  constructor(routes: Routes, dispatcher: Dispatcher, admission: Admission) {
    this.#routes = routes;
    for (const [name, { method, path, shape }] of Object.entries(routes)) {
      const answer: TypedEndpoint["answer"] = (exchange) => {
        const endpoint = this.#endpoints.get(name);
        if (!endpoint) throw starting();
        admission.enter(exchange, shape.priority);
        return endpoint.answer(exchange);
      };
      dispatcher.mount(method, path, { answer, crossOrigin: true });
    }
  }

  /** Begins to answer, once everything that checks requests is loaded. */
  async open(handlers: Readonly<Record<string, AnyHandler>>, authenticator?: Authenticator): Promise<void> {
    const { typedEndpoint } = await import("../http/typed-endpoint.ts");
    const endpoints = Object.entries(this.#routes).map(([name, route]) => {
      const handler = must(handlers[name], `there is no handler for the route ${name}`);
      assert(
        !route.shape.access || authenticator,
        `the route ${name} says who may ask, but the service has no authenticator`,
      );
      return [name, typedEndpoint(route, handler, authenticator)] as const;
    });
    await Promise.all(endpoints.map(([, endpoint]) => endpoint.prepare()));
    for (const [name, endpoint] of endpoints) this.#endpoints.set(name, endpoint);
  }
}

function starting(): Error {
  return problem(503, "the service is starting", { type: reducedCapacity, headers: { "retry-after": "1" } });
}
