import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node, Pod, PodDisruptionBudget } from "#api";
import { type Random, seededRandom } from "#base";
import { Cluster } from "../framework/cluster.ts";
import { Placer } from "../framework/place.ts";
import { minCandidates } from "../limits.ts";
import { defaultProfile } from "../plugins/registry.ts";
import { rules } from "../testing/reference/judge.ts";
import { byCost, sacrifices } from "../testing/reference/preemption.ts";
import { emptyWorld, type World } from "../testing/reference/world.ts";
import { defaultPreemption } from "./default-preemption.ts";

const resources = rules.filter(({ name }) => name === "NodeResourcesFit");

function node(at: number): Node {
  return { metadata: { name: `n${at}` }, status: { allocatable: { cpu: "4", memory: "8Gi", pods: "10" } } };
}

function pod(uid: string, cpu: number, spec: { priority: number; nodeName?: string }): Pod {
  const containers = [{ name: "c", resources: { requests: { cpu: `${cpu}m` } } }];
  const labels = { app: `app${uid.length % 3}` };
  return { metadata: { name: uid, namespace: "shop", uid, labels }, spec: { containers, ...spec } };
}

/** Full nodes: pods of 500 to 1,900 thousandths and one of three priorities. */
function fill(nodes: number, random: Random): Pod[] {
  return Array.from({ length: nodes }, (_, at) => {
    const pods: Pod[] = [];
    for (let left = 4_000; left >= 500; ) {
      const cpu = Math.min(left, 500 + (random.uint32() % 1_400));
      const priority = random.uint32() % 3;
      pods.push(pod(`low-${at}-${"x".repeat(pods.length)}`, cpu, { priority, nodeName: `n${at}` }));
      left -= cpu;
    }
    return pods;
  }).flat();
}

const budget: PodDisruptionBudget = {
  metadata: { name: "b", namespace: "shop" },
  spec: { selector: { matchLabels: { app: "app1" } } },
  status: { disruptionsAllowed: 2 },
};

for (const seed of [1, 2]) {
  test(`of many equal pods each makes room on one of the cheapest of a hundred nodes or more (seed ${seed})`, () => {
    const random = seededRandom(seed);
    const nodes = Array.from({ length: 130 }, (_, at) => node(at));
    let world: World = { ...emptyWorld, nodes, pods: fill(nodes.length, random), budgets: [budget] };
    const cluster = new Cluster();
    for (const each of nodes) cluster.setNode(each);
    for (const each of world.pods) cluster.setPod(cluster.factsOf(each));
    cluster.listers.podDisruptionBudgets.set(budget);
    const placer = new Placer(defaultProfile, cluster, random);
    const preemption = defaultPreemption();
    for (let turn = 0; turn < 6; turn += 1) {
      const preemptor = pod(`high-${turn}`, 2_000, { priority: 10 });
      const facts = cluster.factsOf(preemptor);
      const placement = placer.place(facts);
      assert.ok(placement.type === "unschedulable");
      const { refusals } = placement;
      const view = placer.view(facts.shape);
      const asked = { facts, cluster, refusals, view, awaited: undefined, condemned: new Map() };
      const nodeName = preemption.postFilter?.(asked)?.nodeName ?? "";
      const all = sacrifices(preemptor, world, resources);
      const chosen = all.find((each) => each.node === nodeName);
      assert.ok(chosen, `${nodeName} is no candidate`);
      const cheaper = all.filter((each) => byCost(each, chosen) < 0).length;
      assert.ok(
        cheaper <= Math.max(0, all.length - minCandidates),
        `${cheaper} are cheaper than ${nodeName}`,
      );
      // The victims are gone and the pod is there, as the next one finds it.
      for (const { metadata } of chosen.victims) cluster.removePod(metadata?.uid ?? "");
      const placed = { ...preemptor, spec: { containers: [], ...preemptor.spec, nodeName } };
      cluster.setPod(cluster.factsOf(placed));
      world = { ...world, pods: [...world.pods.filter((each) => !chosen.victims.includes(each)), placed] };
    }
  });
}
