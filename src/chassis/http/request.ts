import { contentOf } from "./content.ts";
import { problem, problemContentType } from "./problem.ts";
import type { Route } from "./route.ts";

/** A call's input once its type has done its work. */
export interface AnyInput {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** What is the same for all attempts of a call. */
export interface ComposedRequest {
  readonly route: Route;
  /** Path and query, to be put behind a place's base URL. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** The same for requests to which the same answer may be given: what is asked for, and who asks, are the same. */
  key(baseUrl: string): string;
}

export function compose(
  route: Route,
  { params = {}, query = {}, headers = {}, body }: AnyInput,
  token: string | undefined,
): ComposedRequest {
  const path = pathOf(route.path, params, query);
  const composed = {
    accept: acceptedBy(route),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, String(value)]],
      ),
    ),
  };
  return {
    route,
    path,
    headers: composed,
    body: body === undefined ? undefined : JSON.stringify(body),
    key: (baseUrl) => JSON.stringify([route.method, baseUrl, path, composed]),
  };
}

function acceptedBy({ shape }: Route): string {
  const types = Object.values(shape.answers).map((schema) => contentOf(schema).type);
  return [...new Set([...types, problemContentType])].join(", ");
}

function pathOf(
  template: string,
  params: Readonly<Record<string, unknown>>,
  query: Readonly<Record<string, unknown>>,
): string {
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => segmentOf(name, String(params[name])));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== undefined) search.append(name, String(each));
  }
  return search.size > 0 ? `${filled}?${search}` : filled;
}

/** A segment `..`, however it is encoded, is taken for the way up: to another route, with our token. */
function segmentOf(name: string, text: string): string {
  if (/^\.{0,2}$/.test(text))
    throw problem(400, `the parameter ${name} is ${JSON.stringify(text)}, which no path can have`);
  return encodeURIComponent(text);
}
