import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Pod } from "#api";
import { seededRandom } from "#base";
import { Cluster } from "../framework/cluster.ts";
import { Placer } from "../framework/place.ts";
import { defaultProfile } from "../plugins/registry.ts";
import { type Change, ClusterModel } from "./cluster-model.ts";
import { fastScores } from "./fast-scores.ts";
import { randomSteps, type Step } from "./random-steps.ts";
import { type Judgement, judge, rules } from "./reference/judge.ts";

const present = rules.filter(({ name }) => defaultProfile.plugins.some((plugin) => plugin.name === name));

const isLong = process.env.NACRE_LONG === "1";

test("whatever happens to a cluster, the fast scheduler judges as the slow one does", () => {
  fc.assert(
    fc.property(randomSteps, (steps) => play(steps)),
    { numRuns: isLong ? 10_000 : 200 },
  );
});

/** Lets the steps happen to both, and compares all that they say of each pod that is asked about. */
function play(steps: readonly Step[]): void {
  const model = new ClusterModel();
  const cluster = new Cluster();
  const placer = new Placer(defaultProfile, cluster, seededRandom(1));
  for (const change of model.begin()) tell(cluster, change);
  for (const step of steps) {
    const change = model.apply(step);
    if (change) tell(cluster, change);
    const pod = model.asked(step);
    if (!pod) continue;
    const judgement = judge(pod, model.world, present);
    compareRefusals(pod, judgement, { cluster, placer });
    compareScores(pod, judgement, cluster);
    const chosen = compareChoice(pod, judgement, { cluster, placer });
    if (chosen !== undefined) tell(cluster, model.place(pod, chosen));
  }
}

interface Fast {
  readonly cluster: Cluster;
  readonly placer: Placer;
}

/** As informers tell the scheduler. */
function tell(cluster: Cluster, change: Change): void {
  const { listers } = cluster;
  if (change.type === "node") cluster.setNode(change.node);
  else if (change.type === "node-gone") cluster.removeNode(change.node.metadata?.name ?? "");
  else if (change.type === "pod") cluster.setPod(cluster.factsOf(change.pod));
  else if (change.type === "pod-gone") cluster.removePod(change.pod.metadata?.uid ?? "");
  else if (change.type === "namespace") listers.namespaces.set(change.namespace);
  else if (change.type === "service") listers.services.set(change.service);
  else listers.replicaSets.set(change.set);
}

/** Of every node: which rule is the first to refuse it, and whether room would help. */
function compareRefusals(pod: Pod, { refusals }: Judgement, { cluster, placer }: Fast): void {
  const { shape } = cluster.factsOf(pod);
  const said = new Map<string, { rule: string; isResolvable: boolean }>();
  for (const node of cluster.nodes) {
    const refusal = placer.refusal(shape, node);
    if (!refusal) continue;
    const { plugin, rejection } = refusal;
    said.set(cluster.nodes.name(node), { isResolvable: rejection.isResolvable, rule: plugin });
  }
  assert.deepEqual(sorted(said), sorted(refusals));
}

/** Of every node that fits: each rule's score. A rule that says nothing means that all nodes are alike to it. */
function compareScores(pod: Pod, { feasible, scores }: Judgement, cluster: Cluster): void {
  const fast = fastScores(cluster.factsOf(pod).shape, feasible, cluster);
  for (const rule of new Set([...scores.keys(), ...fast.keys()])) {
    const expected = scores.get(rule) ?? feasible.map(() => 0);
    const got = fast.get(rule);
    if (got) assert.deepEqual(withoutConstant(got), withoutConstant(expected), `${rule} scores`);
    else assert.ok(new Set(expected).size <= 1, `${rule} has something to say: ${expected}`);
  }
}

/** The node that it chooses is one of the best, of all that fit. */
function compareChoice(
  pod: Pod,
  { feasible, totals }: Judgement,
  { cluster, placer }: Fast,
): string | undefined {
  const placement = placer.place(cluster.factsOf(pod));
  if (placement.type === "unschedulable") {
    assert.deepEqual(feasible, []);
    return undefined;
  }
  assert.equal(placement.feasible, feasible.length);
  const highest = Math.max(...totals);
  const best = feasible.filter((_, at) => totals[at] === highest);
  assert.ok(best.includes(placement.nodeName), `${placement.nodeName} is none of the best: ${best}`);
  return placement.nodeName;
}

function sorted<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Only differences between nodes decide. */
function withoutConstant(scores: readonly number[]): readonly number[] {
  const lowest = Math.min(...scores);
  return scores.map((score) => score - lowest);
}
