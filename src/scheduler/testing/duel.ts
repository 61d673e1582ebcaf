import assert from "node:assert/strict";
import type { Pod } from "#api";
import { seededRandom } from "#base";
import { Cluster } from "../framework/cluster.ts";
import type { Listers } from "../framework/listers.ts";
import { Placer } from "../framework/place.ts";
import type { NodeIndex, Nomination } from "../framework/plugin.ts";
import { defaultProfile } from "../plugins/registry.ts";
import { defaultPreemption } from "../preemption/default-preemption.ts";
import { type Change, ClusterModel, type StorageChange } from "./cluster-model.ts";
import { compareNomination } from "./compare-nomination.ts";
import { fastScores } from "./fast-scores.ts";
import type { Step } from "./random-steps.ts";
import { type Judgement, judge, rules } from "./reference/judge.ts";

/** The rules that both have. */
export const sharedRules: typeof rules = rules.filter(({ name }) =>
  defaultProfile.plugins.some((plugin) => plugin.name === name),
);

/** The fast scheduler and the slow one side by side: whatever happens, happens to both, and they must agree. */
export class Duel {
  readonly #model = new ClusterModel();
  readonly #cluster = new Cluster();
  readonly #placer = new Placer(defaultProfile, this.#cluster, seededRandom(1));
  readonly #preemption = defaultPreemption();
  /** Told to go, not yet gone. */
  readonly #victims = new Map<string, Pod>();
  /** Pods that wait for the victims to be gone. */
  readonly #awaiting = new Map<string, Pod>();

  constructor() {
    for (const change of this.#model.begin()) this.#tell(change);
  }

  play(step: Step): void {
    if (step.type === "node-gone") this.#turnAway(step.name);
    const change = this.#model.apply(step);
    if (change) this.#tell(change);
    const pod = this.#model.asked(step);
    if (pod) this.#place(pod);
    if (step.type === "victims-gone") this.#victimsGone();
  }

  /** Where both say that it goes, it goes. If they find no place, they make room. */
  #place(pod: Pod): void {
    const judgement = judge(pod, this.#model.world, sharedRules);
    this.#compareRefusals(pod, judgement);
    this.#compareScores(pod, judgement);
    const chosen = this.#compareChoice(pod, judgement);
    const uid = pod.metadata?.uid ?? "";
    if (chosen === undefined) this.#preempt(pod);
    else {
      this.#cluster.denominate(uid);
      this.#awaiting.delete(uid);
      this.#tell(this.#model.place(pod, chosen));
    }
  }

  #preempt(pod: Pod): void {
    const facts = this.#cluster.factsOf(pod);
    const awaited = this.#cluster.nominations.node(facts.uid);
    this.#cluster.denominate(facts.uid);
    this.#model.await(pod, undefined);
    const placement = this.#placer.place(facts);
    assert.ok(placement.type === "unschedulable");
    const nomination = this.#preemption.postFilter?.({
      facts,
      cluster: this.#cluster,
      refusals: placement.refusals,
      view: this.#placer.view(facts.shape),
      awaited,
      condemned: new Map(),
    });
    compareNomination(pod, nomination, this.#model.world, sharedRules);
    this.#awaiting.delete(facts.uid);
    if (nomination) this.#nominate(pod, nomination);
  }

  #nominate(pod: Pod, { nodeName, victims }: Nomination): void {
    const facts = this.#cluster.factsOf(pod);
    const node = this.#cluster.nodes.find(nodeName) as NodeIndex;
    for (const other of this.#cluster.nominations.on(node, { priority: Number.NEGATIVE_INFINITY })) {
      if (other.shape.priority < facts.shape.priority) this.#giveUp(other.pod);
    }
    for (const victim of victims) this.#victims.set(victim.uid, victim.pod);
    this.#cluster.nominate(facts, nodeName);
    this.#model.await(pod, nodeName);
    this.#awaiting.set(facts.uid, pod);
  }

  #turnAway(nodeName: string): void {
    const node = this.#cluster.nodes.find(nodeName);
    if (node === undefined) return;
    for (const { pod } of this.#cluster.nominations.on(node, { priority: Number.NEGATIVE_INFINITY })) {
      this.#giveUp(pod);
    }
  }

  #giveUp(pod: Pod): void {
    const uid = pod.metadata?.uid ?? "";
    this.#cluster.denominate(uid);
    this.#model.await(pod, undefined);
    this.#awaiting.delete(uid);
  }

  #victimsGone(): void {
    for (const victim of this.#victims.values()) {
      const change = this.#model.removePod(victim);
      if (change) this.#tell(change);
    }
    this.#victims.clear();
    for (const pod of [...this.#awaiting.values()]) this.#place(pod);
  }

  /** As informers tell the scheduler. */
  #tell(change: Change): void {
    const cluster = this.#cluster;
    const { listers } = cluster;
    if (change.type === "node") cluster.setNode(change.node);
    else if (change.type === "node-gone") cluster.removeNode(change.node.metadata?.name ?? "");
    else if (change.type === "pod") cluster.setPod(cluster.factsOf(change.pod));
    else if (change.type === "pod-gone") cluster.removePod(change.pod.metadata?.uid ?? "");
    else if (change.type === "namespace") listers.namespaces.set(change.namespace);
    else if (change.type === "service") listers.services.set(change.service);
    else if (change.type === "budget") listers.podDisruptionBudgets.set(change.budget);
    else if (change.type === "set") listers.replicaSets.set(change.set);
    else tellStorage(listers, change);
  }

  /** Of every node: which rule is the first to refuse it, and whether room would help. */
  #compareRefusals(pod: Pod, { refusals }: Judgement): void {
    const view = this.#placer.view(this.#cluster.factsOf(pod).shape);
    const said = new Map<string, { rule: string; isResolvable: boolean }>();
    for (const node of this.#cluster.nodes) {
      const refusal = view.refusal(node, { except: pod.metadata?.uid ?? "" });
      if (!refusal) continue;
      const { plugin, rejection } = refusal;
      said.set(this.#cluster.nodes.name(node), { isResolvable: rejection.isResolvable, rule: plugin });
    }
    assert.deepEqual(sorted(said), sorted(refusals));
  }

  /** Of every node that fits: each rule's score. A rule that says nothing means that all nodes are alike to it. */
  #compareScores(pod: Pod, { feasible, scores }: Judgement): void {
    const fast = fastScores(this.#cluster.factsOf(pod).shape, feasible, this.#cluster);
    for (const rule of new Set([...scores.keys(), ...fast.keys()])) {
      const expected = scores.get(rule) ?? feasible.map(() => 0);
      const got = fast.get(rule);
      if (got) assert.deepEqual(differences(got), differences(expected), `${rule} scores`);
      else assert.ok(new Set(expected).size <= 1, `${rule} has something to say: ${expected}`);
    }
  }

  /** The node that it chooses is the one it waits for, or one of the best of all that fit. */
  #compareChoice(pod: Pod, { feasible, totals }: Judgement): string | undefined {
    const awaited = this.#cluster.nominations.node(pod.metadata?.uid ?? "");
    const placement = this.#placer.place(this.#cluster.factsOf(pod));
    if (placement.type === "unschedulable") {
      assert.deepEqual(feasible, []);
      return undefined;
    }
    const { nodeName } = placement;
    if (awaited !== undefined && feasible.includes(this.#cluster.nodes.name(awaited))) {
      assert.equal(nodeName, this.#cluster.nodes.name(awaited));
      return nodeName;
    }
    assert.equal(placement.feasible, feasible.length);
    const highest = Math.max(...totals);
    const best = feasible.filter((_, at) => totals[at] === highest);
    assert.ok(best.includes(nodeName), `${nodeName} is none of the best: ${best}`);
    return nodeName;
  }
}

function sorted<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Only differences between nodes decide. */
function differences(scores: readonly number[]): readonly number[] {
  const lowest = Math.min(...scores);
  return scores.map((score) => score - lowest);
}

export function tellStorage(listers: Listers, change: StorageChange): void {
  if (change.type === "class") listers.storageClasses.set(change.storageClass);
  else if (change.type === "claim") listers.persistentVolumeClaims.set(change.claim);
  else if (change.type === "claim-gone") listers.persistentVolumeClaims.delete(change.claim);
  else if (change.type === "volume") listers.persistentVolumes.set(change.volume);
  else if (change.type === "volume-gone") listers.persistentVolumes.delete(change.volume);
  else listers.csiNodes.set(change.csiNode);
}
