import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node, Pod } from "#api";
import { type ExplainInput, explainPod, suggestionInWords } from "../mod.ts";

const allocatable = { cpu: "4", memory: "8Gi", pods: "110" };
const nodes: Node[] = ["n1", "n2"].map((name) => ({
  metadata: { name, labels: { "kubernetes.io/hostname": name } },
  status: { allocatable },
}));

function pod(name: string, claimName: string, nodeName?: string): Pod {
  return {
    metadata: { name, namespace: "shop", uid: name },
    spec: {
      containers: [{ name: "c" }],
      volumes: [{ name: "d", persistentVolumeClaim: { claimName } }],
      ...(nodeName ? { nodeName } : {}),
    },
  };
}

function claim(name: string, spec: object = {}) {
  const bound = { "pv.kubernetes.io/bind-completed": "yes" };
  return {
    metadata: { name, namespace: "shop", uid: name, annotations: "volumeName" in spec ? bound : {} },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, ...spec },
  };
}

/** What would help, in words. */
function help(wanted: Pod, objects: ExplainInput["objects"], pods: Pod[] = []): string[] {
  const explanation = explainPod({ pod: wanted, nodes, pods, ...(objects ? { objects } : {}) });
  assert.ok(explanation.type === "unplaced");
  return explanation.suggestions.map(suggestionInWords);
}

test("a claim that is missing is to be created, one that nobody provides for needs a volume", () => {
  assert.deepEqual(help(pod("web", "disk"), {}), ["create the claim disk (opens n1 and n2)"]);
  assert.deepEqual(help(pod("web", "disk"), { persistentVolumeClaims: [claim("disk")] }), [
    "have a volume there for the claim disk (opens n1 and n2)",
  ]);
});

test("where a volume is does not change, so there is nothing to suggest", () => {
  const required = {
    nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["n9"] }] }],
  };
  const persistentVolumes = [{ metadata: { name: "v" }, spec: { nodeAffinity: { required } } }];
  const persistentVolumeClaims = [claim("disk", { volumeName: "v" })];
  assert.deepEqual(help(pod("web", "disk"), { persistentVolumeClaims, persistentVolumes }), []);
});

test("the pod that has an exclusive claim has to end first", () => {
  const persistentVolumes = [{ metadata: { name: "v" }, spec: {} }];
  const persistentVolumeClaims = [claim("disk", { volumeName: "v", accessModes: ["ReadWriteOncePod"] })];
  const objects = { persistentVolumeClaims, persistentVolumes };
  assert.deepEqual(help(pod("web", "disk"), objects, [pod("old", "disk", "n1")]), [
    "end shop/old (opens n1 and n2)",
  ]);
});

test("a node that takes no more volumes of a driver would have to take one more", () => {
  const csi = { driver: "disk.example.com", volumeHandle: "h" };
  const drivers = [{ name: "disk.example.com", nodeID: "x", allocatable: { count: 0 } }];
  const objects = {
    persistentVolumes: [{ metadata: { name: "v" }, spec: { csi } }],
    persistentVolumeClaims: [claim("disk", { volumeName: "v" })],
    csiNodes: ["n1", "n2"].map((name) => ({ metadata: { name }, spec: { drivers } })),
  };
  assert.deepEqual(help(pod("web", "disk"), objects), [
    "raise the limit of the node for volumes of disk.example.com to 1 (opens n1 and n2)",
  ]);
});
