import type { Credentials, RequestAttributes, StreamHandler, User } from "../ports.ts";

/** One request, independent of how it arrived: over HTTP/1.1, HTTP/2, or from inside the process. */
export interface Exchange {
  readonly method: string;
  /** Path and query, as on the request line. */
  readonly target: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Who asks, when that is settled: requests from inside the process. Otherwise `credentials` are asked. */
  readonly user?: User;
  credentials(): Credentials;
  readonly hasBody: boolean;
  /** The whole body. Throws RequestEntityTooLarge beyond the limit. Called at most once. */
  readBody(): Promise<Uint8Array>;
}

/** What goes back. */
export type Answer = DocumentAnswer | StreamAnswer | HandOver;

/** A body of known length. */
export interface DocumentAnswer {
  readonly type: "document";
  readonly status: number;
  /** Lower-case names, without content-length. */
  readonly headers: Record<string, string>;
  /** One piece, or many small ones that the adapter writes in slices. */
  readonly body: Uint8Array | Pieces;
}

/** A large body in pieces that are shared with the store. */
export interface Pieces {
  readonly length: number;
  readonly pieces: Iterable<Uint8Array>;
}

/** A body without a known end: a watch. */
export interface StreamAnswer {
  readonly type: "stream";
  readonly status: number;
  readonly headers: Record<string, string>;
  /** Called once, when the sink is ready to take. */
  start(sink: Sink): void;
}

/** The request is a conversation: the adapter gives the connection itself to the handler. */
export interface HandOver {
  readonly type: "handOver";
  readonly handler: StreamHandler;
  readonly attributes: RequestAttributes;
  readonly query: URLSearchParams;
}

/** Where a stream goes: a socket, or a reader inside the process. */
export interface Sink {
  /** Takes the bytes whatever happens. False means: enough for now, wait for `onDrain`. */
  write(bytes: Uint8Array): boolean;
  /** The proper end. */
  end(): void;
  /** There is room again. At most one listener. */
  onDrain(listener: () => void): void;
  /** The other side has gone, or the sink has ended. At most one listener. */
  onClose(listener: () => void): void;
}

export function isPieces(body: Uint8Array | Pieces): body is Pieces {
  return !(body instanceof Uint8Array);
}
