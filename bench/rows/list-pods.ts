import { compare } from "../cluster/compare.ts";
import { podsPath, restingPods } from "../cluster/resting-pods.ts";
import type { Row } from "../row.ts";
import { manyPods } from "./many-pods.ts";

export const listFew: Row = {
  name: "list-500",
  what: "LIST 500 pods, 8 connections",
  unit: "/s",
  better: "more",
  budget: 900,
  upstream: "98",
  bare: "https server, as many bytes",
  async measure(context) {
    const cluster = await context.cluster();
    const path = podsPath(await restingPods(context, cluster, 500));
    return compare(cluster, {
      rounds: 3,
      load: () => ({
        protocol: "http/1.1",
        connections: 8,
        requests: { type: "get", path },
        warmUpMs: 300,
        until: { durationMs: 2000 },
      }),
      bare: (bytes) => ({ type: "get", path: `/bytes/${bytes}` }),
    });
  },
};

export const listMany: Row = {
  name: "list-16000",
  what: "LIST 16,000 pods",
  unit: "ms",
  better: "less",
  budget: { timesBare: 1.5 },
  upstream: "1,000",
  bare: "https server, as many bytes",
  async measure(context) {
    const cluster = await context.cluster();
    const path = podsPath(await manyPods(context));
    return compare(cluster, {
      rounds: 3,
      load: () => ({
        protocol: "http/1.1",
        connections: 1,
        requests: { type: "get", path },
        until: { count: 4 },
      }),
      bare: (bytes) => ({ type: "get", path: `/bytes/${bytes}` }),
      worth: ({ perSecond }) => 1000 / perSecond,
    });
  },
};
