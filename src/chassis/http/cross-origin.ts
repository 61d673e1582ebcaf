import type { IncomingHttpHeaders } from "node:http";
import { limits } from "./limits.ts";

/** Which pages of other origins may ask by a browser, and read the answers: https://fetch.spec.whatwg.org/#http-cors-protocol. Cookies are not taken from them. */
export interface CrossOrigin {
  /** As browsers write them: `https://shop.example.com`. `any`: whichever page somebody has open. */
  readonly origins: readonly string[] | "any";
  /** Headers of answers that pages may read, besides those that are usual here. */
  readonly exposedHeaders?: readonly string[];
}

/** What is said in the headers of an answer to a page of `origin`. */
export function crossOriginHeaders(
  { origins, exposedHeaders = [] }: CrossOrigin,
  origin: string | undefined,
): Readonly<Record<string, string>> {
  if (origins === "any") return { "access-control-allow-origin": "*", ...exposing(exposedHeaders) };
  // A cache must not give one origin what it has kept for another.
  if (origin === undefined || !origins.includes(origin)) return { vary: "origin" };
  return { vary: "origin", "access-control-allow-origin": origin, ...exposing(exposedHeaders) };
}

/** What else is said to a browser that asks beforehand. It may send any header: what a route does not know it does not read. */
export function preflightHeaders(
  headers: IncomingHttpHeaders,
  methods: readonly string[],
): Readonly<Record<string, string>> {
  const asked = headers["access-control-request-headers"];
  return {
    "access-control-allow-methods": methods.join(", "),
    ...(asked === undefined ? {} : { "access-control-allow-headers": asked }),
    "access-control-max-age": String(limits.preflightSeconds),
  };
}

function exposing(more: readonly string[]): Readonly<Record<string, string>> {
  return { "access-control-expose-headers": [...usual, ...more].join(", ") };
}

const usual = ["etag", "location", "retry-after"];
