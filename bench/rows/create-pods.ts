import { compare } from "../cluster/compare.ts";
import { makeNamespace, podsPath, removePods } from "../cluster/resting-pods.ts";
import type { Row } from "../row.ts";

export const createPods: Row = {
  name: "create",
  what: "pod creates through the API, 16 connections",
  unit: "/s",
  better: "more",
  budget: 4000,
  upstream: "850",
  bare: "https server, SQLite with group commit",
  async measure(context) {
    const cluster = await context.cluster();
    const namespace = "bench-create";
    await makeNamespace(cluster, namespace);
    const measured = await compare(cluster, {
      rounds: 3,
      load: (round) => ({
        protocol: "http/1.1",
        connections: 16,
        requests: { type: "create-pods", path: podsPath(namespace), prefix: `round-${round}` },
        warmUpMs: 500,
        until: { durationMs: 2000 },
      }),
      bare: (bytes) => ({ type: "create-pods", path: `/durable/${bytes}`, prefix: "pod" }),
    });
    await removePods(cluster, namespace);
    return measured;
  },
};
