import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "#api";
import { Cluster } from "../cluster.ts";

const topologyKey = "kubernetes.io/hostname";

/** A pod that wants none of these near it. */
function loner(name: string, apps: readonly string[]): Pod {
  const terms = apps.map((app) => ({ topologyKey, labelSelector: { matchLabels: { app } } }));
  const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } };
  return { metadata: { name, namespace: "shop", uid: name }, spec: { containers: [], affinity } };
}

function clusterOfOne(): Cluster {
  const cluster = new Cluster();
  cluster.setNode({ metadata: { name: "n", labels: { [topologyKey]: "n" } } });
  return cluster;
}

function holdersOf(app: string, cluster: Cluster): number {
  const pod = { metadata: { name: app, namespace: "shop", labels: { app } }, spec: { containers: [] } };
  const held = cluster.heldTerms.matching(cluster.factsOf(pod).shape);
  return held.reduce((sum, { holders }) => sum + holders.in(holders.column.of(0)), 0);
}

test("every term of every pod counts, however many different ones there are and were", () => {
  const cluster = clusterOfOne();
  const count = 150;
  for (let at = 0; at < count; at += 1) {
    cluster.assume(
      cluster.factsOf(loner(`l${at}`, [`a${at}`, `b${at}`, `c${at}`])),
      cluster.nodes.index("n"),
    );
  }
  for (let at = 0; at < count; at += 2) cluster.removePod(`l${at}`);
  for (let at = count; at < 2 * count; at += 1) {
    cluster.assume(
      cluster.factsOf(loner(`l${at}`, [`a${at}`, `b${at}`, `c${at}`])),
      cluster.nodes.index("n"),
    );
  }
  for (let at = 0; at < 2 * count; at += 1) {
    const expected = at < count && at % 2 === 0 ? 0 : 1;
    for (const app of [`a${at}`, `b${at}`, `c${at}`]) assert.equal(holdersOf(app, cluster), expected, app);
  }
});

test("equal terms of different pods are one, and it is gone with the last of them", () => {
  const cluster = clusterOfOne();
  for (const name of ["x", "y"])
    cluster.assume(cluster.factsOf(loner(name, ["web"])), cluster.nodes.index("n"));
  assert.equal(holdersOf("web", cluster), 2);
  cluster.removePod("x");
  cluster.removePod("y");
  assert.equal(holdersOf("web", cluster), 0);
});
