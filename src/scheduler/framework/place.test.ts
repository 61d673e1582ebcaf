import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Node, Pod, PodSpec } from "#api";
import { seededRandom } from "#base";
import { defaultProfile } from "../plugins/registry.ts";
import { Cluster } from "./cluster.ts";
import { Placer } from "./place.ts";
import type { Plugin } from "./plugin.ts";
import { explainRefusals } from "./refusals.ts";

interface NodeTraits {
  cpu?: string;
  memory?: string;
  pods?: string;
  labels?: Record<string, string>;
  spec?: Node["spec"];
  images?: { names: string[]; sizeBytes: number }[];
}

function node(name: string, traits: NodeTraits = {}): Node {
  const { cpu = "4", memory = "8Gi", pods = "110", labels = {}, spec = {}, images = [] } = traits;
  return { metadata: { name, labels }, spec, status: { allocatable: { cpu, memory, pods }, images } };
}

let count = 0;
function pod(spec: Partial<PodSpec> = {}, requests: Record<string, string> = {}): Pod {
  count += 1;
  const containers = [{ name: "main", image: "main:1", resources: { requests } }];
  return {
    metadata: { name: `p${count}`, namespace: "shop", uid: `u${count}` },
    spec: { containers, ...spec },
  };
}

function clusterOf(...nodes: Node[]): Cluster {
  const cluster = new Cluster();
  for (const one of nodes) cluster.setNode(one);
  return cluster;
}

function place(cluster: Cluster, wanted: Pod, seed = 1): string {
  const placement = new Placer(defaultProfile, cluster, seededRandom(seed)).place(cluster.factsOf(wanted));
  return placement.type === "placed" ? placement.nodeName : explainRefusals(placement.refusals);
}

test("without nodes it says so", () => {
  assert.equal(place(clusterOf(), pod()), "no nodes available to schedule pods");
});

test("pods whose node is gone do not make it look for nodes for ever", () => {
  const cluster = clusterOf(node("gone"));
  cluster.assume(cluster.factsOf(pod()), cluster.nodes.index("gone"));
  cluster.removeNode("gone");
  assert.equal(place(cluster, pod()), "no nodes available to schedule pods");
});

test("a pod may wait for a node that is not known yet, and nobody of its priority takes its place there", () => {
  const cluster = new Cluster();
  const waiting = cluster.factsOf(pod({}, { cpu: "3" }));
  cluster.nominate(waiting, "n");
  cluster.setNode(node("n"));
  assert.match(place(cluster, pod({}, { cpu: "2" })), /Insufficient cpu/);
  assert.equal(place(cluster, pod({ priority: 1 }, { cpu: "2" })), "n");
  cluster.denominate(waiting.uid);
  assert.equal(place(cluster, pod({}, { cpu: "2" })), "n");
});

test("it says per node what was missing, in Kubernetes' words", () => {
  const cluster = clusterOf(
    node("small", { cpu: "500m" }),
    node("gpu", { spec: { taints: [{ key: "gpu", value: "yes", effect: "NoSchedule" }] } }),
    node("gpu2", { spec: { taints: [{ key: "gpu", value: "yes", effect: "NoSchedule" }] } }),
    node("cordoned", { spec: { unschedulable: true } }),
  );
  assert.equal(
    place(cluster, pod({}, { cpu: "1" })),
    "0/4 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable, " +
      "2 node(s) had untolerated taint {gpu: yes}.",
  );
});

test("all shortages of a node are named", () => {
  const cluster = clusterOf(node("n", { cpu: "1", memory: "1Gi" }));
  assert.equal(
    place(cluster, pod({}, { cpu: "2", memory: "2Gi", "example.com/gpu": "1" })),
    "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient example.com/gpu, 1 Insufficient memory.",
  );
});

test("a toleration opens a tainted node", () => {
  const cluster = clusterOf(
    node("gpu", { spec: { taints: [{ key: "gpu", value: "yes", effect: "NoSchedule" }] } }),
  );
  const tolerations = [{ key: "gpu", operator: "Exists" }];
  assert.equal(place(cluster, pod({ tolerations })), "gpu");
});

test("a softly tainted node is chosen last", () => {
  const soft = { taints: [{ key: "spot", effect: "PreferNoSchedule" }] };
  for (let seed = 0; seed < 10; seed += 1) {
    assert.equal(place(clusterOf(node("soft", { spec: soft }), node("hard")), pod(), seed), "hard");
  }
});

test("node selector and required affinity say where a pod may go", () => {
  const cluster = clusterOf(
    node("a", { labels: { zone: "a" } }),
    node("b", { labels: { zone: "b", cores: "8" } }),
  );
  assert.equal(place(cluster, pod({ nodeSelector: { zone: "b" } })), "b");
  const term = (key: string, operator: string, values?: string[]) => ({
    matchExpressions: [{ key, operator, ...(values ? { values } : {}) }],
  });
  const required = (...terms: object[]) => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms as never[] },
      },
    },
  });
  assert.equal(place(cluster, pod(required(term("cores", "Gt", ["4"])))), "b");
  assert.equal(place(cluster, pod(required(term("zone", "NotIn", ["b"])))), "a");
  assert.equal(
    place(cluster, pod(required({ matchFields: [{ key: "metadata.name", operator: "In", values: ["a"] }] }))),
    "a",
  );
  assert.match(
    place(cluster, pod(required(term("disk", "Exists")))),
    /2 node\(s\) didn't match Pod's node affinity/,
  );
});

test("preferred affinity decides between nodes that fit", () => {
  const cluster = clusterOf(node("a", { labels: { disk: "ssd" } }), node("b"));
  const preference = { matchExpressions: [{ key: "disk", operator: "In", values: ["ssd"] }] };
  const affinity = {
    nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference }] },
  };
  for (let seed = 0; seed < 10; seed += 1) assert.equal(place(cluster, pod({ affinity }), seed), "a");
});

test("a host port belongs to one pod per node", () => {
  const cluster = clusterOf(node("n"));
  const ports = (hostIP?: string) => ({
    containers: [{ name: "c", ports: [{ containerPort: 80, hostPort: 80, ...(hostIP ? { hostIP } : {}) }] }],
  });
  cluster.assume(cluster.factsOf(pod(ports("127.0.0.1"))), cluster.nodes.index("n"));
  assert.equal(place(cluster, pod(ports("127.0.0.2"))), "n");
  assert.match(place(cluster, pod(ports())), /didn't have free ports/);
  assert.match(place(cluster, pod(ports("127.0.0.1"))), /didn't have free ports/);
});

test("the emptier node is better, and a node that holds the image is better than an equal one", () => {
  const cluster = clusterOf(node("a"), node("b"));
  cluster.assume(cluster.factsOf(pod({}, { cpu: "2", memory: "4Gi" })), cluster.nodes.index("a"));
  assert.equal(place(cluster, pod()), "b");
  const images = [{ names: ["main:1"], sizeBytes: 900 * 1024 * 1024 }];
  for (let seed = 0; seed < 10; seed += 1) {
    assert.equal(place(clusterOf(node("without"), node("with", { images })), pod(), seed), "with");
  }
});

test("ties are broken by the seed, and every node gets its share", () => {
  const cluster = clusterOf(node("a"), node("b"), node("c"));
  const chosen = Array.from({ length: 300 }, (_, seed) => place(cluster, pod(), seed));
  for (const name of ["a", "b", "c"]) {
    const share = chosen.filter((one) => one === name).length;
    assert.ok(share > 60 && share < 140, `${name} was chosen ${share} times of 300`);
  }
  assert.equal(place(cluster, pod(), 7), place(cluster, pod(), 7));
});

test("no node is ever asked for more than it has, and a pod that is refused fits nowhere", () => {
  const size = fc.record({ cpu: fc.integer({ min: 0, max: 3000 }), memory: fc.integer({ min: 0, max: 4 }) });
  fc.assert(
    fc.property(fc.array(size, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (sizes, nodes) => {
      const cluster = clusterOf(...Array.from({ length: nodes }, (_, at) => node(`n${at}`, { pods: "5" })));
      const placer = new Placer(defaultProfile, cluster, seededRandom(1));
      const left = (name: string, at: number) => {
        const { allocatable, requested } = cluster.nodes.resources.column(name);
        return (allocatable.values[at] ?? 0) - (requested.values[at] ?? 0);
      };
      const podsOn = (at: number) => cluster.nodes.podCount.values[at] ?? 0;
      for (const { cpu, memory } of sizes) {
        const facts = cluster.factsOf(pod({}, { cpu: `${cpu}m`, memory: `${memory}Gi` }));
        const placement = placer.place(facts);
        if (placement.type === "placed") cluster.assume(facts, placement.node);
        else {
          const hasRoom = (at: number) =>
            podsOn(at) < 5 && left("cpu", at) >= cpu && left("memory", at) >= memory * 2 ** 30;
          assert.ok(![...cluster.nodes].some(hasRoom), "refused although it fits");
        }
      }
      for (const at of cluster.nodes) {
        assert.ok(podsOn(at) <= 5 && left("cpu", at) >= 0 && left("memory", at) >= 0);
      }
    }),
  );
});

test("adding and removing pods in any order leaves what was there before", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.boolean()), { maxLength: 40 }),
      (steps) => {
        const cluster = clusterOf(node("a"), node("b"));
        const facts = Array.from({ length: 6 }, () =>
          cluster.factsOf(pod({}, { cpu: "100m", memory: "1Gi" })),
        );
        for (const [at, isOnA] of steps) {
          const one = facts[at] as (typeof facts)[number];
          if (cluster.pod(one.uid)) cluster.removePod(one.uid);
          else cluster.assume(one, cluster.nodes.index(isOnA ? "a" : "b"));
        }
        for (const one of facts) cluster.removePod(one.uid);
        const { resources, podCount, scoredCpu } = cluster.nodes;
        const counts = [
          resources.column("cpu").requested,
          resources.column("memory").requested,
          podCount,
          scoredCpu,
        ];
        for (const at of cluster.nodes) {
          assert.deepEqual(
            counts.map(({ values }) => values[at]),
            [0, 0, 0, 0],
          );
        }
      },
    ),
  );
});

test("in a large cluster the first pods of a shape choose among some nodes, and the later ones among all", () => {
  const cluster = clusterOf(...Array.from({ length: 1000 }, (_, at) => node(`n${at}`)));
  const placer = new Placer(defaultProfile, cluster, seededRandom(1));
  const feasible = Array.from({ length: 4 }, () => {
    const facts = cluster.factsOf(pod({}, { cpu: "3" }));
    const placement = placer.place(facts);
    assert.ok(placement.type === "placed");
    cluster.assume(facts, placement.node);
    return placement.feasible;
  });
  assert.deepEqual(feasible, [420, 839, 998, 997]);
  const picky = new Placer({ ...defaultProfile, percentageOfNodesToScore: 100 }, cluster, seededRandom(1));
  const placement = picky.place(cluster.factsOf(pod({}, { cpu: "3" })));
  assert.equal(placement.type === "placed" && placement.feasible, 996);
});

test("a node that changes after it was judged is judged anew, and only that one", () => {
  const nodes = Array.from({ length: 50 }, (_, at) => node(`n${at}`));
  const cluster = clusterOf(...nodes);
  const judged: number[] = [];
  const witness: Plugin = {
    name: "Witness",
    filter: () => ({
      by: "node",
      refuse(at) {
        judged.push(at);
        return undefined;
      },
    }),
  };
  const plugins = [...defaultProfile.plugins, witness];
  const placer = new Placer({ ...defaultProfile, plugins }, cluster, seededRandom(1));
  placer.place(cluster.factsOf(pod()));
  assert.equal(judged.length, 50);
  judged.length = 0;
  cluster.setNode(node("n7", { labels: { disk: "ssd" } }));
  placer.place(cluster.factsOf(pod()));
  assert.deepEqual(judged, [cluster.nodes.find("n7")]);
});
