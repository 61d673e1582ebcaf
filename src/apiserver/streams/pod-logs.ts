import { pipeline } from "node:stream/promises";
import { badRequest, invalid, isAborted } from "#base";
import type { StreamHandler } from "../ports.ts";
import { containerOf, nodePath, podTarget } from "./pod-target.ts";
import { isPodSubresource } from "./subresource.ts";
import type { Tunnels } from "./tunnel/tunnels.ts";

/** `GET pods/NAME/log`: the bytes as they come from the node, for as long as they come when following. */
export function podLogs(tunnels: Tunnels): StreamHandler {
  return {
    handles: (attributes) => isPodSubresource(attributes, "log"),
    async serve(request, response) {
      const target = podTarget(request);
      const container = containerOf(target, request.query.get("container"));
      const query = logQuery(request.query, target.name);
      const gone = new AbortController();
      response.once("close", () => gone.abort());
      const path = `${nodePath("containerLogs", target.namespace, target.name, container)}${query}`;
      const stream = await tunnels.request(target.node, { method: "GET", path, signal: gone.signal });
      response.writeHead(200, { "content-type": "text/plain", "cache-control": "no-cache, private" });
      response.flushHeaders();
      await pipeline(stream, response).catch((error: NodeJS.ErrnoException) => {
        // Whoever followed a log and has seen enough just goes away.
        if (!isAborted(error) && error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
      });
    },
  };
}

const flags = ["follow", "previous", "timestamps"] as const;
const numbers = ["sinceSeconds", "tailLines", "limitBytes"] as const;

/** What the node needs to know, checked: kubectl's own names. */
function logQuery(query: URLSearchParams, pod: string): string {
  const passed = new URLSearchParams();
  for (const name of flags) {
    const value = query.get(name);
    if (value !== null && value !== "false" && value !== "0") passed.set(name, "true");
  }
  for (const name of numbers) {
    const value = query.get(name);
    if (value === null) continue;
    if (!/^-?\d+$/.test(value))
      throw badRequest(`${name} must be a whole number, not ${JSON.stringify(value)}`);
    checkLeast(name, Number(value), pod);
    passed.set(name, value);
  }
  const since = query.get("sinceTime");
  if (since !== null) {
    if (Number.isNaN(Date.parse(since)))
      throw badRequest(`sinceTime must be an RFC 3339 time, not ${JSON.stringify(since)}`);
    if (passed.has("sinceSeconds"))
      throw badRequest("at most one of `sinceTime` or `sinceSeconds` may be specified");
    passed.set("sinceTime", since);
  }
  return passed.size > 0 ? `?${passed}` : "";
}

function checkLeast(name: (typeof numbers)[number], value: number, pod: string): void {
  const least = name === "tailLines" ? 0 : 1;
  if (value >= least) return;
  const what = least === 0 ? "must be greater than or equal to 0" : "must be greater than 0";
  throw invalid({ resource: "pods", kind: "PodLogOptions", name: pod }, [
    { reason: "FieldValueInvalid", field: name, message: `Invalid value: ${value}: ${what}` },
  ]);
}
