import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node, Pod, PodSpec } from "#api";
import {
  type ExplainInput,
  type Explanation,
  explainPod,
  ifMoreImportant,
  type PlacedPod,
  suggestionInWords,
  type UnplacedPod,
} from "../mod.ts";

interface NodeTraits extends NonNullable<Node["spec"]> {
  readonly cpu?: string;
}

function node(name: string, { cpu = "4", ...spec }: NodeTraits = {}): Node {
  const status = { allocatable: { cpu, memory: "8Gi", pods: "110" } };
  return { metadata: { name, labels: { "kubernetes.io/hostname": name } }, spec, status };
}

interface PodTraits extends Partial<PodSpec> {
  readonly cpu?: string;
  readonly labels?: Record<string, string>;
}

function pod(name: string, { cpu = "1", labels = {}, ...spec }: PodTraits = {}): Pod {
  const containers = [{ name: "main", image: "main:1", resources: { requests: { cpu, memory: "1Gi" } } }];
  return { metadata: { name, namespace: "shop", uid: name, labels }, spec: { containers, ...spec } };
}

function explain(input: Partial<ExplainInput> & Pick<ExplainInput, "pod">): Explanation {
  return explainPod({ nodes: [], pods: [], ...input });
}

function unplaced(input: Parameters<typeof explain>[0]): UnplacedPod {
  const explanation = explain(input);
  assert.ok(explanation.type === "unplaced");
  return explanation;
}

test("for each group of nodes it says why not, with every reason", () => {
  const taints = [{ key: "gpu", value: "yes", effect: "NoSchedule" }];
  const { message, refused } = unplaced({
    pod: pod("big", { cpu: "6" }),
    nodes: [node("a"), node("b"), node("gpu", { taints })],
  });
  assert.equal(
    message,
    "0/3 nodes are available: 1 node(s) had untolerated taint {gpu: yes}, 2 Insufficient cpu.",
  );
  const shortage = { plugin: "NodeResourcesFit", reason: "Insufficient cpu" };
  const taint = { plugin: "TaintToleration", reason: "node(s) had untolerated taint {gpu: yes}" };
  assert.deepEqual(refused, [
    { reasons: [shortage], nodes: ["a", "b"] },
    { reasons: [taint, shortage], nodes: ["gpu"] },
  ]);
});

test("it suggests the smallest changes first", () => {
  const { suggestions } = unplaced({
    pod: pod("big", { cpu: "6" }),
    nodes: [
      node("small"),
      node("larger", { cpu: "5" }),
      node("gpu", { cpu: "8", taints: [{ key: "gpu", effect: "NoSchedule" }] }),
      node("cordoned-and-small", { unschedulable: true }),
    ],
  });
  assert.deepEqual(suggestions, [
    { changes: [{ type: "lower-request", resource: "cpu", by: 1000, of: 6000 }], nodes: ["larger"] },
    { changes: [{ type: "tolerate-taint", key: "gpu", value: "", effect: "NoSchedule" }], nodes: ["gpu"] },
    {
      changes: [{ type: "uncordon-node" }, { type: "lower-request", resource: "cpu", by: 2000, of: 6000 }],
      nodes: ["cordoned-and-small"],
    },
  ]);
});

test("it does not tell a pod to tolerate what goes with the cordon, nor a node that does not answer", () => {
  const taint = (key: string) => ({ key: `node.kubernetes.io/${key}`, effect: "NoSchedule" });
  const { suggestions } = unplaced({
    pod: pod("web"),
    nodes: [
      node("cordoned", { unschedulable: true, taints: [taint("unschedulable")] }),
      node("silent", { taints: [taint("unreachable")] }),
      node("away", { unschedulable: true, taints: [taint("unschedulable"), taint("not-ready")] }),
    ],
  });
  assert.deepEqual(suggestions, [{ changes: [{ type: "uncordon-node" }], nodes: ["cordoned"] }]);
});

test("it says which labels a node would need", () => {
  const expression = { key: "cores", operator: "Gt", values: ["8"] };
  const nodeAffinity = {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [expression] }],
    },
  };
  const { suggestions } = unplaced({
    pod: pod("picky", { nodeSelector: { disk: "ssd" }, affinity: { nodeAffinity } }),
    nodes: [node("a"), node("b")],
  });
  assert.deepEqual(suggestions, [
    { changes: [{ type: "label-node", labels: { disk: "ssd", cores: "9" } }], nodes: ["a", "b"] },
  ]);
});

test("it names the pods that are in the way, and those that are missing", () => {
  const term = (app: string) => [
    { labelSelector: { matchLabels: { app } }, topologyKey: "kubernetes.io/hostname" },
  ];
  const affinity = {
    podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: term("web") },
    podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: term("cache") },
  };
  const { suggestions } = unplaced({
    pod: pod("api", { affinity }),
    nodes: [node("a"), node("b")],
    pods: [
      pod("web-1", { labels: { app: "web" }, nodeName: "a" }),
      pod("cache-1", { labels: { app: "cache" }, nodeName: "a" }),
    ],
  });
  const topologyKey = "kubernetes.io/hostname";
  assert.deepEqual(suggestions, [
    { changes: [{ type: "move-pods", topologyKey, pods: ["shop/web-1"] }], nodes: ["a"] },
    { changes: [{ type: "start-pod-near", pods: "app=cache", topologyKey }], nodes: ["b"] },
  ]);
});

test("it says how uneven the pods of an application would have to be allowed to be", () => {
  const constraint = {
    topologyKey: "kubernetes.io/hostname",
    maxSkew: 1,
    whenUnsatisfiable: "DoNotSchedule",
    labelSelector: { matchLabels: { app: "web" } },
  };
  const web = { labels: { app: "web" }, topologySpreadConstraints: [constraint] };
  const { suggestions } = unplaced({
    pod: pod("web-2", web),
    nodes: [node("a"), node("full", { cpu: "100m" })],
    pods: [pod("web-1", { ...web, nodeName: "a" })],
  });
  assert.deepEqual(suggestions[0]?.changes, [
    { type: "raise-max-skew", topologyKey: "kubernetes.io/hostname", to: 2 },
  ]);
});

test("it says which pods would have to go for a more important one", () => {
  const { preemption } = unplaced({
    pod: pod("urgent", { cpu: "2", priority: 10 }),
    nodes: [node("a"), node("b", { cpu: "1" })],
    pods: [pod("small", { nodeName: "a" }), pod("large", { cpu: "3", nodeName: "a" })],
  });
  assert.deepEqual(preemption, { node: "a", pods: ["shop/large"] });
});

test("it says which pods would have to go if it were more important, and how important it would have to be", () => {
  const input = {
    pod: pod("urgent", { cpu: "3" }),
    nodes: [node("a"), node("b")],
    pods: [
      pod("web", { cpu: "3", priority: 1000, nodeName: "a" }),
      pod("batch-1", { cpu: "2", nodeName: "b" }),
      pod("batch-2", { cpu: "1500m", priority: 5, nodeName: "b" }),
    ],
  };
  assert.deepEqual(ifMoreImportant(input), {
    node: "b",
    pods: ["shop/batch-2", "shop/batch-1"],
    priority: 6,
  });
  const important = { ...input, pod: pod("urgent", { cpu: "3", priority: 6 }) };
  assert.equal(ifMoreImportant(important), undefined);
  assert.equal(ifMoreImportant({ ...input, pod: pod("huge", { cpu: "64" }) }), undefined);
});

test("suggestions can be said in words", () => {
  const { suggestions } = unplaced({
    pod: pod("big", { cpu: "4500m" }),
    nodes: [
      node("a"),
      node("b"),
      node("c"),
      node("gpu", { cpu: "8", taints: [{ key: "gpu", effect: "NoSchedule" }] }),
    ],
  });
  assert.deepEqual(suggestions.map(suggestionInWords), [
    "request 500m less cpu (opens a and 2 more)",
    "tolerate the taint gpu:NoSchedule (opens gpu)",
  ]);
});

test("of a pod on a node it says what each node would score, by plugin", () => {
  const explanation = explain({
    pod: pod("web", { nodeName: "busy" }),
    nodes: [node("idle"), node("busy"), node("cordoned", { unschedulable: true })],
    pods: [pod("web", { nodeName: "busy" }), pod("other", { cpu: "2", nodeName: "busy" })],
  });
  assert.equal(explanation.type, "placed");
  const { feasible, refused, refusedNow } = explanation as PlacedPod;
  assert.deepEqual(refusedNow, []);
  assert.deepEqual(
    feasible.map((one) => one.node),
    ["idle", "busy"],
  );
  const [idle, busy] = feasible;
  assert.ok((idle?.byPlugin.NodeResourcesFit ?? 0) > (busy?.byPlugin.NodeResourcesFit ?? 0));
  assert.deepEqual(refused[0]?.nodes, ["cordoned"]);
});

test("of a pod whose node would not take it any more it says why", () => {
  const explanation = explain({
    pod: pod("web", { nodeName: "cordoned" }),
    nodes: [node("cordoned", { unschedulable: true })],
  });
  assert.deepEqual((explanation as PlacedPod).refusedNow, ["node(s) were unschedulable"]);
});

test("a gated pod waits for its gates, whatever nodes there are", () => {
  const explanation = explain({ pod: pod("web", { schedulingGates: [{ name: "example.com/wait" }] }) });
  assert.deepEqual(explanation, {
    type: "gated",
    reason: "waiting for scheduling gates: [example.com/wait]",
  });
});

test("room that is kept for a pod as important is not the pod's, and whom it is kept for is named", () => {
  const awaiting: Pod = {
    ...pod("urgent", { cpu: "3", priority: 10 }),
    status: { nominatedNodeName: "a" },
  };
  const victim = pod("old", { cpu: "3", nodeName: "a" });
  const small = pod("small", { cpu: "1" });
  const { refused, suggestions } = unplaced({
    pod: small,
    nodes: [node("a", { cpu: "3500m" })],
    pods: [awaiting, pod("other", { cpu: "1", nodeName: "a" })],
  });
  const reasons = [{ plugin: "NodeResourcesFit", reason: "Insufficient cpu" }];
  assert.deepEqual(refused, [{ reasons, keptFor: ["shop/urgent"], nodes: ["a"] }]);
  assert.deepEqual(suggestions, []);
  // Who is more important does not make room for it.
  const more = unplaced({
    pod: pod("first", { priority: 20 }),
    nodes: [node("a")],
    pods: [awaiting, victim],
  });
  assert.deepEqual(
    more.feasible.map((one) => one.node),
    ["a"],
  );
  const own = unplaced({ pod: awaiting, nodes: [node("a")], pods: [victim] });
  assert.equal(own.nominatedNode, "a");
});

test("a pod that has ended is on no node, and one whose node is not there is told so", () => {
  const rejected: Pod = {
    ...pod("late", { nodeName: "a" }),
    status: { phase: "Failed", reason: "OutOfcpu", message: "Pod was rejected" },
  };
  assert.deepEqual(explain({ pod: rejected, nodes: [node("a")], pods: [rejected] }), {
    type: "ended",
    phase: "Failed",
    node: "a",
    reason: "OutOfcpu",
    message: "Pod was rejected",
  });
  const lost = pod("lost", { nodeName: "gone" });
  assert.deepEqual(explain({ pod: lost, nodes: [node("a")], pods: [lost] }), {
    type: "misplaced",
    node: "gone",
  });
});
