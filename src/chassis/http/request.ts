import { problemContentType } from "./problem.ts";
import { ordinaryStatus, type Route } from "./route.ts";
import { mediaTypeOf } from "./schema.ts";

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
  /** The media type of the ordinary answer. */
  readonly accepted: string;
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
  const accepted = mediaTypeOf(route.shape.answers[ordinaryStatus(route.shape)] ?? {});
  const composed = {
    accept: `${accepted}, ${problemContentType}`,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
  };
  return {
    route,
    accepted,
    path,
    headers: composed,
    body: body === undefined ? undefined : JSON.stringify(body),
    key: (baseUrl) => JSON.stringify([route.method, baseUrl, path, composed]),
  };
}

function pathOf(
  template: string,
  params: Readonly<Record<string, unknown>>,
  query: Readonly<Record<string, unknown>>,
): string {
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(params[name])),
  );
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== undefined) search.append(name, String(each));
  }
  return search.size > 0 ? `${filled}?${search}` : filled;
}
