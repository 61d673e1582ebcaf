import type { RequestListener, Server, ServerOptions } from "node:http";
import type { Socket } from "node:net";
import { limits } from "./limits.ts";
import { createServer } from "./node-http.ts";
import { problem, problemContentType } from "./problem.ts";

/** An HTTP/1.1 server with every limit set, or set otherwise, that answers even what is not HTTP with a problem. */
export function httpServer(handle: RequestListener, otherwise: ServerOptions = {}): Server {
  const server = createServer(
    {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.promisedIdleMs,
      keepAliveTimeoutBuffer: limits.keepAliveMs - limits.promisedIdleMs,
      connectionsCheckingInterval: limits.lookAtSlowMs,
      ...otherwise,
    },
    handle,
  );
  server.maxHeadersCount = limits.maxHeaders;
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    // Nobody is there to be told, or an answer is already on its way.
    if (error.code === "ECONNRESET" || !socket.writable || socket.bytesWritten > 0) return socket.destroy();
    socket.end(rawAnswer(error.code));
    return undefined;
  });
  return server;
}

/** An answer to what was not understood well enough to have a response object. */
function rawAnswer(code: string | undefined): string {
  const refused =
    code === "HPE_HEADER_OVERFLOW"
      ? problem(
          431,
          `more than ${limits.maxHeaders} headers, or more than ${limits.maxHeaderBytes} bytes of them, are not taken`,
        )
      : code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? problem(408, "the request took too long to arrive")
        : problem(400, "this is not HTTP/1.1 as it is understood here");
  const body = JSON.stringify(refused.document());
  return [
    `HTTP/1.1 ${refused.status} ${refused.title}`,
    "connection: close",
    `content-type: ${problemContentType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n");
}
