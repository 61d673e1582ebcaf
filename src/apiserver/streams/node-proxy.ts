import { pipeline } from "node:stream/promises";
import { nodes } from "#api";
import { ApiError, notFound } from "#base";
import type { StreamHandler } from "../ports.ts";
import { requireMachine } from "./pod-target.ts";
import type { Tunnels } from "./tunnel/tunnels.ts";

/** What may be asked of a node's agent through the API server. */
const paths: ReadonlySet<string> = new Set(["/stats/summary", "/healthz"]);

/** `GET nodes/NAME/proxy/stats/summary`: the agent's own answer. */
export function nodeProxy(tunnels: Tunnels): StreamHandler {
  return {
    handles: ({ resource, subresource }) => resource?.resource === nodes.resource && subresource === "proxy",
    async serve({ attributes, read, incoming }, response) {
      const { name = "", path } = attributes;
      const node = read.get(nodes, name);
      if (!node) throw notFound({ resource: "nodes", name });
      requireMachine(node);
      const asked = path.slice(path.indexOf("/proxy") + "/proxy".length);
      if (!paths.has(asked) || incoming.method !== "GET") {
        const offered = [...paths].join(" and ");
        throw new ApiError(
          "NotFound",
          `the agent of node ${name} does not answer ${incoming.method} ${asked}; GET ${offered} it does`,
        );
      }
      const gone = new AbortController();
      response.once("close", () => gone.abort());
      const stream = await tunnels.request(name, { method: "GET", path: asked, signal: gone.signal });
      response.writeHead(200, { "content-type": asked === "/healthz" ? "text/plain" : "application/json" });
      await pipeline(stream, response);
    },
  };
}
