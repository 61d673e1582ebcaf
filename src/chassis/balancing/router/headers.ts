import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { type AddressSet, plainAddress } from "../../addresses.ts";
import { membersOf } from "../../http/list-header.ts";

export interface Passing {
  /** Who is believed about those behind them. */
  readonly trusted: AddressSet;
  /** The router's own name in `via`. */
  readonly via: string;
}

/** What an instance is told of a request. */
export function requestHeaders(request: IncomingMessage, { trusted, via }: Passing): OutgoingHttpHeaders {
  const { headers, httpVersion } = request;
  const coding = headers["transfer-encoding"] && { "transfer-encoding": "chunked" };
  const length = headers["content-length"] && { "content-length": headers["content-length"] };
  return withoutAbsent({
    ...endToEnd(headers, claims),
    host: headers.host,
    ...forwarded(request, trusted),
    via: `${headers.via ? `${headers.via}, ` : ""}${httpVersion} ${via}`,
    // The frame of a body is the parser's, whatever `connection` says of it: without one it would be taken for the next request.
    ...(coding || length),
  });
}

/** What a client is told of an answer. */
export function answerHeaders(answer: IncomingMessage): OutgoingHttpHeaders {
  return endToEnd(answer.headers);
}

/** The same of an answer by which a connection is handed over: it has no body, whatever it says. */
export function upgradeHeaders(answer: IncomingMessage): OutgoingHttpHeaders {
  const { "content-length": _, ...headers } = answerHeaders(answer);
  return { ...headers, connection: "upgrade", upgrade: "websocket" };
}

/** Headers without those that are about one connection: RFC 9110, section 7.6.1. */
function endToEnd(headers: IncomingHttpHeaders, besides: readonly string[] = []): OutgoingHttpHeaders {
  const named = membersOf((headers.connection ?? "").toLowerCase());
  const left = new Set([...named, ...besides]);
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !hopByHop.has(name) && !left.has(name)),
  );
}

/** Node takes a header without a value for a mistake. */
export function withoutAbsent(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
}

/** `expect` is answered here: a client that waits to be told to go on is told by the router. */
const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "expect",
  "http2-settings",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Headers by which proxies say for whom they ask. From anybody else they are made up. */
const claims = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

function forwarded(request: IncomingMessage, trusted: AddressSet): OutgoingHttpHeaders {
  const { headers } = request;
  const peer = peerOf(request);
  const said = trusted.has(peer) ? headers : {};
  const before = said["x-forwarded-for"];
  return {
    "x-forwarded-for": before ? `${before}, ${peer}` : peer,
    "x-forwarded-host": said["x-forwarded-host"] ?? headers.host,
    "x-forwarded-proto": said["x-forwarded-proto"] ?? "http",
    "x-real-ip": said["x-real-ip"],
    forwarded: said.forwarded && `${said.forwarded}, for=${quoted(peer)}`,
  };
}

function peerOf({ socket }: IncomingMessage): string {
  return plainAddress(socket.remoteAddress ?? "unknown");
}

/** RFC 7239, section 6: an address of IPv6 stands in brackets, and these in quotes. */
function quoted(address: string): string {
  return address.includes(":") ? `"[${address}]"` : address;
}
