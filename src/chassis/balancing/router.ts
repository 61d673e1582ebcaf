import http, { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import { Problem, problem, problemContentType } from "../http/problem.ts";
import type { Balancer, Picked } from "./balancer.ts";
import { limits } from "./limits.ts";
import type { Asked } from "./strategy.ts";

export interface RouterOptions {
  /** Whose balancer a request is for; undefined: nobody's, which is answered 404. */
  readonly balancerOf: (request: IncomingMessage) => Balancer | undefined;
  /** What strategies that hash choose by. Absent: the path, and the address that asks. */
  readonly askedOf?: (request: IncomingMessage) => Asked;
}

/**
 * Discovery on the server's side: clients know the router's address alone, and it picks an instance for each request. For `http.createServer`. Bodies flow through in both directions
 * and are never held whole. An instance that cannot be connected to is not asked again for that request; once one was connected to, its failure is told (502).
 */
export function router({ balancerOf, askedOf = byPathAndAddress }: RouterOptions) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const balancer = balancerOf(request);
      if (!balancer) throw problem(404, "no service is behind this address");
      await forward(request, response, balancer, askedOf(request));
    } catch (error) {
      if (response.headersSent || response.destroyed) response.destroy();
      else tell(response, error instanceof Problem ? error : problem(502, "the service could not be asked"));
    }
  };
}

async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  balancer: Balancer,
  asked: Asked,
): Promise<void> {
  const tried = new Set<string>();
  for (let left: number = limits.reroutes; ; left -= 1) {
    const picked = await balancer.pick(asked, tried);
    tried.add(picked.instance.url);
    const outcome = await attempt(request, response, picked);
    if (outcome === "done") return;
    if (left === 0 || !balancer.hasOthers(tried))
      throw problem(503, `no instance of ${balancer.service} could be reached`);
  }
}

/** `unreached`: there was no connection, so that nothing of the request is gone. */
function attempt(
  request: IncomingMessage,
  response: ServerResponse,
  picked: Picked,
): Promise<"done" | "unreached"> {
  const { promise, resolve, reject } = Promise.withResolvers<"done" | "unreached">();
  const url = new URL(picked.instance.url);
  const outgoing = (url.protocol === "https:" ? https : http).request({
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port,
    method: request.method,
    path: request.url,
    headers: {
      ...endToEnd(request.headers),
      "x-forwarded-for": forwardedFor(request),
      // A body without a length is framed anew; without this one of a GET would be taken for the next request.
      ...(request.headers["transfer-encoding"] ? { "transfer-encoding": "chunked" } : {}),
    },
  });
  let connected = false;
  let ended = false;
  const end = (how: "answered" | "failed" | "gone") => {
    if (ended) return;
    ended = true;
    picked.ended(how);
    response.off("close", leave);
  };
  const leave = () => {
    end("gone");
    outgoing.destroy();
    resolve("done");
  };
  response.once("close", leave);
  outgoing.once("socket", (socket) => {
    const begin = () => {
      connected = true;
      request.pipe(outgoing);
    };
    if (socket.connecting) socket.once(url.protocol === "https:" ? "secureConnect" : "connect", begin);
    else begin();
  });
  outgoing.once("response", (answer) => {
    response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
    answer.pipe(response);
    answer.once("error", (error) => {
      end("failed");
      reject(error);
    });
    answer.once("end", () => {
      end((answer.statusCode ?? 502) >= 500 ? "failed" : "answered");
      resolve("done");
    });
  });
  outgoing.once("error", (error) => {
    end("failed");
    request.unpipe(outgoing);
    if (connected) reject(error);
    else resolve("unreached");
  });
  return promise;
}

function byPathAndAddress(request: IncomingMessage): Asked {
  return { destination: request.url ?? "", source: request.socket.remoteAddress ?? "" };
}

function forwardedFor({ headers, socket }: IncomingMessage): string {
  const before = headers["x-forwarded-for"];
  return `${before === undefined ? "" : `${before}, `}${socket.remoteAddress ?? "unknown"}`;
}

/** Headers without those that are about one connection: RFC 9110, section 7.6.1. */
function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = (headers.connection ?? "").toLowerCase().split(/\s*,\s*/);
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !hopByHop.has(name) && !named.includes(name)),
  );
}

const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

function tell(response: ServerResponse, { status, message }: Problem): void {
  response.writeHead(status, { "content-type": problemContentType });
  response.end(JSON.stringify({ status, title: http.STATUS_CODES[status], detail: message }));
}
