import type { Answer, Exchange } from "./exchange.ts";

/** Something that is served at paths of its own, besides objects: discovery, OpenAPI, health. */
export interface Document {
  /** Undefined: not a path of mine. */
  answer(path: string, exchange: Exchange, query: URLSearchParams): Answer | undefined | Promise<Answer>;
}
