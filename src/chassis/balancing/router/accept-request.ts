import type { IncomingMessage } from "node:http";
import { problem } from "../../http/problem.ts";

/**
 * Refuses what two readers might take for different requests (RFC 9112, section 11.2), and makes one form of what has two. Node's parser has already refused both kinds of length together, and
 * lengths that differ.
 */
export function acceptRequest(request: IncomingMessage, via: string): void {
  const { headers, headersDistinct, httpVersionMajor, httpVersionMinor } = request;
  const coding = headers["transfer-encoding"];
  if (coding !== undefined && coding.toLowerCase() !== "chunked")
    throw problem(501, "of transfer codings chunked alone is understood here");
  if (coding !== undefined && httpVersionMajor === 1 && httpVersionMinor === 0)
    throw problem(400, "HTTP/1.0 knows no transfer codings");
  if ((headersDistinct.host?.length ?? 0) > 1) throw problem(400, "a request is for one host");
  if ((headers.via ?? "").includes(via)) throw problem(508, "this request has been here before");
  const { authority, path } = targetOf(request.url ?? "/");
  if (authority !== undefined) headers.host = authority;
  request.url = path;
}

/** The path, and the host where a request names it in its target: RFC 9112, section 3.2.2. */
function targetOf(target: string): { readonly path: string; readonly authority?: string } {
  if (target.startsWith("/") || target === "*") return { path: target };
  const [, authority, path] = /^https?:\/\/([^/?#@]+)([^#]*)$/i.exec(target) ?? [];
  if (authority === undefined || path === undefined) throw problem(400, "this is no address to ask for");
  return { authority, path: path.startsWith("/") ? path : `/${path}` };
}

/**
 * Whether a connection is to be handed over to WebSocket (RFC 6455). Other protocols are not: with `h2c` a client would talk to the instance past the router.
 */
export function isWebSocket({ method, headers }: IncomingMessage): boolean {
  const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0;
  return method === "GET" && headers.upgrade?.toLowerCase() === "websocket" && !hasBody;
}
