import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Node, Pod } from "#api";
import { Cluster } from "../framework/cluster.ts";
import { randomNode } from "../testing/random-node.ts";
import { placedPod, waitingPod } from "../testing/random-pod.ts";
import { amounts, assumedByScores, requestsOf, sum } from "../testing/reference/requests.ts";
import { type ScoringStrategy, scoreByStrategy } from "./scoring-strategy.ts";

const resource = fc.record({
  name: fc.constantFrom("cpu", "memory", "ephemeral-storage", "example.com/gpu"),
  weight: fc.integer({ min: 1, max: 5 }),
});
const strategy: fc.Arbitrary<ScoringStrategy> = fc.record({
  type: fc.constantFrom("LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"),
  resources: fc.uniqueArray(resource, { minLength: 1, maxLength: 4, selector: ({ name }) => name }),
  shape: fc
    .uniqueArray(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 4 })
    .chain((utilizations) =>
      fc
        .array(fc.integer({ min: 0, max: 10 }), {
          minLength: utilizations.length,
          maxLength: utilizations.length,
        })
        .map((scores) =>
          utilizations
            .sort((a, b) => a - b)
            .map((utilization, at) => ({ utilization, score: (scores[at] ?? 0) * 10 })),
        ),
    ),
});

test("every strategy scores as its definition says", () => {
  fc.assert(
    fc.property(
      randomNode,
      fc.array(placedPod, { maxLength: 6 }),
      waitingPod,
      strategy,
      (node, there, pod, by) => {
        const cluster = new Cluster();
        const index = cluster.setNode(node);
        const nodeName = node.metadata?.name ?? "";
        const placed = there.map(({ metadata, spec, ...rest }, at) => ({
          ...rest,
          metadata: { ...metadata, uid: `there-${at}` },
          spec: { containers: [], ...spec, nodeName },
        }));
        for (const one of placed) cluster.setPod(cluster.factsOf(one));
        const score = scoreByStrategy(by, cluster.factsOf(pod).shape, cluster).score(index);
        assert.equal(score, expected(by, { node, placed, pod }));
      },
    ),
    { numRuns: 300 },
  );
});

test("the fuller of two nodes is better when pods are to be packed, the emptier when they are to be spread", () => {
  const cluster = new Cluster();
  const allocatable = { cpu: "4", memory: "8Gi", pods: "110" };
  const [empty, full] = ["empty", "full"].map((name) =>
    cluster.setNode({ metadata: { name }, status: { allocatable } }),
  );
  const containers = [{ name: "c", resources: { requests: { cpu: "1", memory: "1Gi" } } }];
  const there: Pod = { metadata: { name: "there", uid: "1" }, spec: { containers, nodeName: "full" } };
  cluster.setPod(cluster.factsOf(there));
  const { shape } = cluster.factsOf({ metadata: { name: "new" }, spec: { containers } });
  const scores = (type: ScoringStrategy["type"]) => {
    const resources = [
      { name: "cpu", weight: 1 },
      { name: "memory", weight: 1 },
    ];
    const { score } = scoreByStrategy({ type, resources }, shape, cluster);
    return [score(empty ?? -1), score(full ?? -1)];
  };
  assert.deepEqual(scores("LeastAllocated"), [81, 62]);
  assert.deepEqual(scores("MostAllocated"), [18, 37]);
});

/** As slowly and plainly as it can be said. */
function expected(
  { type, resources, shape = [] }: ScoringStrategy,
  { node, placed, pod }: { readonly node: Node; readonly placed: readonly Pod[]; readonly pod: Pod },
): number {
  const room = amounts(node.status?.allocatable);
  const asked = requestsOf(pod);
  const used = placed
    .map((one) => requestsOf(one, assumedByScores))
    .reduce(sum, requestsOf(pod, assumedByScores));
  const usual = ["cpu", "memory", "ephemeral-storage"];
  const points = resources
    .filter(({ name }) => (room[name] ?? 0) > 0 && (usual.includes(name) || (asked[name] ?? 0) > 0))
    .map(({ name, weight }) => ({ weight, score: one(room[name] ?? 0, used[name] ?? 0) }))
    .filter(({ score }) => type !== "RequestedToCapacityRatio" || score > 0);
  const weights = points.reduce((total, { weight }) => total + weight, 0);
  const mean = points.reduce((total, { weight, score }) => total + weight * score, 0) / (weights || 1);
  return type === "RequestedToCapacityRatio" ? Math.round(mean) : Math.floor(mean);

  function one(capacity: number, amount: number): number {
    if (type === "LeastAllocated") return Math.floor((Math.max(0, capacity - amount) * 100) / capacity);
    if (type === "MostAllocated") return Math.floor((Math.min(capacity, amount) * 100) / capacity);
    const utilization = Math.min(100, Math.floor((amount * 100) / capacity));
    const at = amount > capacity ? 100 : utilization;
    const after = shape.find((point) => point.utilization >= at);
    const before = shape.findLast((point) => point.utilization < at);
    if (!after || !before) return (after ?? before)?.score ?? 0;
    const [rise, run] = [after.score - before.score, after.utilization - before.utilization];
    return before.score + Math.trunc((rise * (at - before.utilization)) / run);
  }
}
