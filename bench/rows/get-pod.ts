import { compare } from "../cluster/compare.ts";
import { podsPath, restingPods } from "../cluster/resting-pods.ts";
import type { Context } from "../context.ts";
import type { Load } from "../load/load.ts";
import type { Measurement, Row } from "../row.ts";

const bare = "https server, as many bytes";

export const getPodHttp1: Row = {
  name: "get-http1",
  what: "GET one pod, 32 connections, HTTP/1.1",
  unit: "/s",
  better: "more",
  budget: 15_000,
  upstream: "2,800",
  bare,
  measure: (context) => measure(context, "http/1.1"),
};

export const getPodHttp2: Row = {
  name: "get-http2",
  what: "GET one pod, 32 connections, HTTP/2",
  unit: "/s",
  better: "more",
  budget: { timesBare: 0.5 },
  upstream: "",
  bare,
  measure: (context) => measure(context, "h2"),
};

async function measure(context: Context, protocol: Load["protocol"]): Promise<Measurement> {
  const cluster = await context.cluster();
  const path = `${podsPath(await restingPods(context, cluster, 500))}/pod-7`;
  return compare(cluster, {
    rounds: 3,
    load: () => ({
      protocol,
      connections: 32,
      requests: { type: "get", path },
      warmUpMs: 500,
      until: { durationMs: 2000 },
    }),
    bare: (bytes) => ({ type: "get", path: `/bytes/${bytes}` }),
  });
}
