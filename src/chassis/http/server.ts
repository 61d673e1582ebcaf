import type { RequestListener, Server, ServerOptions } from "node:http";
import type { Socket } from "node:net";
import { type Metrics, silentMetrics } from "#base";
import { http } from "../node-modules.ts";
import { limits } from "./limits.ts";
import { type Problem, problem, problemContentType } from "./problem.ts";

export interface HttpServerOptions {
  /** Limits that are to be other than ours. */
  readonly otherwise?: ServerOptions;
  readonly metrics?: Metrics;
}

/**
 * An HTTP/1.1 server with every limit set, or set otherwise, that answers even what is not HTTP with a problem, and counts it: no exchange comes of
 * it.
 */
export function httpServer(
  handle: RequestListener,
  { otherwise = {}, metrics = silentMetrics }: HttpServerOptions = {},
): Server {
  const unreadable = metrics.counter(
    "http_server_unreadable_requests_total",
    "Requests that were refused before they were one, by the status they were refused with.",
  );
  const counted = (refused: Problem) => {
    unreadable.add(1, { http_response_status_code: String(refused.status) });
    return refused;
  };
  const server = http.createServer(
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
    socket.end(rawAnswer(counted(refusalOf(error.code))));
    return undefined;
  });
  server.on("checkExpectation", (_request, response) => {
    const refused = counted(problem(417, "nothing but 100-continue can be expected"));
    response.writeHead(refused.status, { connection: "close", "content-type": problemContentType });
    response.end(JSON.stringify(refused.document()));
  });
  return server;
}

function refusalOf(code: string | undefined): Problem {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return problem(
        431,
        `more than ${limits.maxHeaders} headers, or more than ${limits.maxHeaderBytes} bytes of them, are not taken`,
      );
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return problem(408, "the request took too long to arrive");
    default:
      return problem(400, "this is not HTTP/1.1 as it is understood here");
  }
}

/** An answer to what was not understood well enough to have a response object. */
function rawAnswer(refused: Problem): string {
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
