import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type {
  Node,
  NodeSelectorRequirement,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
} from "#api";
import { applyRemedies } from "../testing/apply-remedies.ts";
import { randomNode } from "../testing/random-node.ts";
import { placedPod, waitingPod } from "../testing/random-pod.ts";
import { type ExplainInput, explainPod } from "./explain-pod.ts";
import { suggestionInWords } from "./words.ts";

const zone = "topology.kubernetes.io/zone";
const isLong = process.env.NACRE_LONG === "1";

function node(name: string, labels: Record<string, string> = {}): Node {
  const status = { allocatable: { cpu: "4", memory: "8Gi", pods: "110" } };
  return { metadata: { name, labels: { "kubernetes.io/hostname": name, ...labels } }, status };
}

function pod(name: string, spec: Partial<PodSpec> = {}, labels: Record<string, string> = {}): Pod {
  return {
    metadata: { name, namespace: "shop", uid: name, labels },
    spec: { containers: [{ name: "main" }], ...spec },
  };
}

function suggested(input: Partial<ExplainInput> & Pick<ExplainInput, "pod">): readonly string[] {
  const explanation = explainPod({ nodes: [], pods: [], ...input });
  assert.ok(explanation.type === "unplaced" && explanation.feasible.length === 0);
  return explanation.suggestions.map(suggestionInWords);
}

function near(kind: "podAffinity" | "podAntiAffinity", app: string | undefined): Partial<PodSpec> {
  const labelSelector = app === undefined ? {} : { labelSelector: { matchLabels: { app } } };
  const term = { ...labelSelector, topologyKey: zone };
  return { affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } };
}

function onNodesThat(...matchExpressions: NodeSelectorRequirement[]): Partial<PodSpec> {
  const nodeSelectorTerms = [{ matchExpressions }];
  return {
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
  };
}

test("whatever is suggested, once it is done the pod fits on each node that it was to open", () => {
  const input = fc.record({
    pod: waitingPod,
    nodes: fc.uniqueArray(randomNode, { maxLength: 8, selector: ({ metadata }) => metadata?.name }),
    pods: fc.uniqueArray(placedPod, { maxLength: 12, selector: ({ metadata }) => metadata?.uid }),
  });
  let tried = 0;
  fc.assert(
    fc.property(input, (input) => {
      const before = explainPod(input);
      if (before.type !== "unplaced") return;
      for (const { changes, nodes } of before.suggestions) {
        for (const name of nodes) {
          const changed = applyRemedies(input, { changes, node: name });
          if (!changed) continue;
          const after = explainPod(changed);
          assert.ok(after.type === "unplaced");
          tried += 1;
          const fits = after.feasible.some(({ node }) => node === name);
          assert.ok(fits, `${suggestionInWords({ changes, nodes: [name] })}: ${after.message}`);
        }
      }
    }),
    { numRuns: isLong ? 20_000 : 500 },
  );
  assert.ok(tried > 20, `only ${tried} were tried`);
});

test("a label that takes a node to where the pod may not be is no help", () => {
  const nodes = [node("a", { [zone]: "za" }), node("b", { [zone]: "zb" })];
  const pods = [pod("first", { nodeName: "a" }, { app: "web" })];
  const waiting = pod("second", { ...near("podAntiAffinity", "web"), nodeSelector: { [zone]: "za" } });
  assert.deepEqual(suggested({ pod: waiting, nodes, pods }), [
    `move shop/first to another ${zone} (opens a)`,
  ]);
});

test("a node without a zone is to get that of the pods that are wanted near, and none while there are none", () => {
  const nodes = [node("a", { [zone]: "za" }), node("b")];
  const waiting = pod("api", near("podAffinity", "cache"));
  assert.deepEqual(suggested({ pod: waiting, nodes }), [
    `have a pod with app=cache in the same ${zone} (opens a)`,
  ]);
  const full = { metadata: { name: "a", labels: { [zone]: "za" } }, status: { allocatable: { pods: "1" } } };
  const pods = [pod("cache", { nodeName: "a" }, { app: "cache" })];
  assert.deepEqual(suggested({ pod: waiting, nodes: [full, node("b")], pods }), [
    "allow 2 pods on the node (opens a)",
    `label the node "${zone}=za" (opens b)`,
  ]);
});

test("what the label makes more is not passed over", () => {
  const full = {
    metadata: { name: "a", labels: { [zone]: "za", disk: "ssd" } },
    status: { allocatable: {} },
  };
  const nodes = [full, node("b", { [zone]: "zb", disk: "ssd" }), node("c", { [zone]: "zb" })];
  const app = { app: "web" };
  const pods = ["b", "b", "c"].map((nodeName, index) => pod(`web-${index}`, { nodeName }, app));
  const constraint = { topologyKey: zone, maxSkew: 1, whenUnsatisfiable: "DoNotSchedule" };
  const spread = [{ ...constraint, labelSelector: { matchLabels: app } }];
  const waiting = pod("web", { nodeSelector: { disk: "ssd" }, topologySpreadConstraints: spread }, app);
  // With c in it, zone zb has one pod more.
  assert.deepEqual(suggested({ pod: waiting, nodes, pods }), [
    `allow a maxSkew of 3 over ${zone} (opens b)`,
    "allow 1 pods on the node (opens a)",
  ]);
});

test("no pod is asked for where none would be the right one", () => {
  const nodes = [node("a", { [zone]: "za" })];
  assert.deepEqual(suggested({ pod: pod("api", near("podAffinity", undefined)), nodes }), []);
});

test("a label that takes a node out of reach of the pod's volume is no help", () => {
  const inZone = { key: zone, operator: "In", values: ["za"] };
  const volume: PersistentVolume = {
    metadata: { name: "disk" },
    spec: { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [inZone] }] } } },
    status: { phase: "Bound" },
  };
  const claim: PersistentVolumeClaim = {
    metadata: {
      name: "data",
      namespace: "shop",
      annotations: { "pv.kubernetes.io/bind-completed": "yes" },
    },
    spec: { volumeName: "disk" },
    status: { phase: "Bound" },
  };
  const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "data" } }];
  const waiting = pod("db", { volumes, nodeSelector: { [zone]: "zb" } });
  const objects = { persistentVolumes: [volume], persistentVolumeClaims: [claim] };
  assert.deepEqual(suggested({ pod: waiting, nodes: [node("a", { [zone]: "za" })], objects }), []);
});

test("only labels that a node lacks are named, those that are in the way are to go, and there is no help against what contradicts itself", () => {
  const nodes = [node("a", { disk: "hdd", zone: "z" })];
  const because = (spec: Partial<PodSpec>) => suggested({ pod: pod("picky", spec), nodes });
  assert.deepEqual(because({ nodeSelector: { disk: "ssd", zone: "z" } }), [
    'label the node "disk=ssd" (opens a)',
  ]);
  assert.deepEqual(because(onNodesThat({ key: "disk", operator: "NotIn", values: ["hdd"] })), [
    'take the label "disk" off the node (opens a)',
  ]);
  const not = { key: "disk", operator: "NotIn", values: ["ssd"] };
  assert.deepEqual(because({ nodeSelector: { disk: "ssd" }, ...onNodesThat(not) }), []);
  assert.deepEqual(because(onNodesThat({ key: "rank", operator: "Lt", values: ["0"] })), []);
  assert.deepEqual(because({ nodeSelector: { zone: "z" }, ...onNodesThat() }), []);
  assert.deepEqual(because({ nodeSelector: { "kubernetes.io/hostname": "b" } }), []);
});
