import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node, Pod, PodSpec } from "#api";
import { judge } from "./judge.ts";
import { emptyWorld, type World } from "./world.ts";

const zone = "topology.kubernetes.io/zone";
const hostname = "kubernetes.io/hostname";
const room = { cpu: "4", memory: "8Gi", pods: "10" };

function node(name: string, labels: Record<string, string> = {}, rest: Partial<Node> = {}): Node {
  return {
    metadata: { name, labels: { [hostname]: name, ...labels } },
    status: { allocatable: room },
    ...rest,
  };
}

function pod(labels: Record<string, string>, spec: Partial<PodSpec> = {}, name = "p"): Pod {
  return { metadata: { name, namespace: "shop", labels }, spec: { containers: [{ name: "c" }], ...spec } };
}

function world(nodes: readonly Node[], pods: readonly Pod[] = [], rest: Partial<World> = {}): World {
  return { ...emptyWorld, namespaces: [{ metadata: { name: "shop" } }], nodes, pods, ...rest };
}

function feasible(wanted: Pod, cluster: World): string {
  return judge(wanted, cluster).feasible.join(" ");
}

const web = { app: "web" };
const isWeb = { matchLabels: web };

test("the first pod of a group that wants to be together may go anywhere, the next goes to it", () => {
  const nodes = [node("a", { [zone]: "x" }), node("b", { [zone]: "y" }), node("c")];
  const podAffinity = {
    requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: zone, labelSelector: isWeb }],
  };
  const wanted = pod(web, { affinity: { podAffinity } });
  assert.equal(feasible(wanted, world(nodes)), "a b");
  assert.equal(feasible(wanted, world(nodes, [pod(web, { nodeName: "b" })])), "b");
  assert.equal(feasible(pod({}, { affinity: { podAffinity } }), world(nodes)), "");
});

test("anti-affinity holds both ways, and only in the namespaces that it means", () => {
  const nodes = [node("a"), node("b")];
  const podAntiAffinity = {
    requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: hostname, labelSelector: isWeb }],
  };
  const loner = pod({ app: "loner" }, { affinity: { podAntiAffinity } });
  assert.equal(feasible(loner, world(nodes, [pod(web, { nodeName: "a" })])), "b");
  const placed = { ...loner, spec: { containers: [], ...loner.spec, nodeName: "a" } };
  assert.equal(feasible(pod(web), world(nodes, [placed])), "b");
  const elsewhere = { ...placed, metadata: { ...placed.metadata, namespace: "other" } };
  assert.equal(feasible(pod(web), world(nodes, [elsewhere])), "a b");
});

test("a hard spread keeps domains within the skew, and counts missing domains as empty", () => {
  const nodes = [node("a", { [zone]: "x" }), node("b", { [zone]: "y" }), node("c")];
  const spread = {
    topologyKey: zone,
    maxSkew: 1,
    whenUnsatisfiable: "DoNotSchedule",
    labelSelector: isWeb,
  };
  const there = [pod(web, { nodeName: "a" })];
  assert.equal(feasible(pod(web, { topologySpreadConstraints: [spread] }), world(nodes, there)), "b");
  const both = [...there, pod(web, { nodeName: "b" })];
  assert.equal(feasible(pod(web, { topologySpreadConstraints: [spread] }), world(nodes, both)), "a b");
  const threeZones = { ...spread, minDomains: 3 };
  assert.equal(feasible(pod(web, { topologySpreadConstraints: [threeZones] }), world(nodes, both)), "");
  const alike = { ...spread, matchLabelKeys: ["version"] };
  const second = pod({ ...web, version: "2" }, { topologySpreadConstraints: [alike] });
  assert.equal(feasible(second, world(nodes, there)), "a b");
});

test("nodes that the pod may not use do not count for its spread, unless it says so", () => {
  const nodes = [node("a", { [zone]: "x", disk: "ssd" }), node("b", { [zone]: "y" })];
  const spread = {
    topologyKey: zone,
    maxSkew: 1,
    whenUnsatisfiable: "DoNotSchedule",
    labelSelector: isWeb,
  };
  const there = [pod(web, { nodeName: "a" })];
  const nodeSelector = { disk: "ssd" };
  const wanted = pod(web, { nodeSelector, topologySpreadConstraints: [spread] });
  assert.equal(feasible(wanted, world(nodes, there)), "a");
  const ignoring = { ...spread, nodeAffinityPolicy: "Ignore" };
  const stubborn = pod(web, { nodeSelector, topologySpreadConstraints: [ignoring] });
  assert.equal(feasible(stubborn, world(nodes, there)), "");
});

test("pods of a service are spread even if they do not ask for it", () => {
  const nodes = [node("a"), node("b")];
  const services = [{ metadata: { name: "web", namespace: "shop" }, spec: { selector: web } }];
  const cluster = world(nodes, [pod(web, { nodeName: "a" })], { services });
  assert.deepEqual(judge(pod(web), cluster).scores.get("PodTopologySpread"), [66, 100]);
  assert.equal(judge(pod({ app: "db" }), cluster).scores.has("PodTopologySpread"), false);
});

test("init containers, sidecars, overhead and what the pod as a whole asks for are what a node must have", () => {
  const asks = (cpu: string) => ({ resources: { requests: { cpu } } });
  const cluster = (cpu: string) => world([node("a", {}, { status: { allocatable: { ...room, cpu } } })]);
  const wanted = pod(
    {},
    {
      containers: [{ name: "c", ...asks("1") }],
      initContainers: [
        { name: "before", ...asks("2") },
        { name: "sidecar", restartPolicy: "Always", ...asks("500m") },
        { name: "after", ...asks("2") },
      ],
      overhead: { cpu: "100m" },
    },
  );
  assert.equal(feasible(wanted, cluster("2600m")), "a");
  assert.equal(feasible(wanted, cluster("2599m")), "");
  const whole = pod({}, { ...wanted.spec, resources: { requests: { cpu: "300m" } } });
  assert.equal(feasible(whole, cluster("400m")), "a");
  assert.equal(feasible(whole, cluster("399m")), "");
});

test("what no node could ever hold is refused for good, what is only taken is not", () => {
  const cluster = world([node("a")], [pod({}, { ...cpu("3"), nodeName: "a" })]);
  assert.deepEqual(judge(pod({}, cpu("2")), cluster).refusals.get("a"), {
    rule: "NodeResourcesFit",
    isResolvable: true,
  });
  assert.equal(judge(pod({}, cpu("5")), cluster).refusals.get("a")?.isResolvable, false);
});

test("a pod that evens out CPU and memory is welcome, one that asks for neither changes nothing", () => {
  const cluster = world([node("a"), node("b")], [pod({}, { ...cpu("4"), nodeName: "a" })]);
  const memory = pod({}, { containers: [{ name: "c", resources: { requests: { memory: "8Gi" } } }] });
  assert.deepEqual(judge(memory, cluster).scores.get("NodeResourcesBalancedAllocation"), [100, 50]);
  assert.equal(judge(pod({}), cluster).scores.has("NodeResourcesBalancedAllocation"), false);
});

function cpu(amount: string): Partial<PodSpec> {
  return { containers: [{ name: "c", resources: { requests: { cpu: amount } } }] };
}
