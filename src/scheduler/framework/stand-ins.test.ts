import assert from "node:assert/strict";
import { test } from "node:test";
import type { PersistentVolume, Pod } from "#api";
import { seededRandom } from "#base";
import { defaultProfile } from "../plugins/registry.ts";
import { Cluster } from "./cluster.ts";
import { Placer } from "./place.ts";
import type { Plugin } from "./plugin.ts";
import type { PodShape } from "./pod-shape.ts";

const cluster = new Cluster();
cluster.setNode({
  metadata: { name: "n1", labels: { disk: "fast" } },
  spec: {},
  status: { allocatable: { cpu: "4", pods: "110" } },
});
const placer = new Placer(defaultProfile, cluster, seededRandom(1));

/** Of a pod with a claim of this name. */
function shapeWith(claimName: string, spec: Partial<Pod["spec"]> = {}): PodShape {
  const volumes = [{ name: "v", persistentVolumeClaim: { claimName } }];
  const containers = [{ name: "main", image: "main:1" }];
  return cluster.factsOf({ metadata: { namespace: "shop" }, spec: { containers, volumes, ...spec } }).shape;
}

/** A claim and its volume, bound to each other. */
function bind(
  name: string,
  spec: PersistentVolume["spec"] = {},
  { accessMode = "ReadWriteOnce", listers = cluster.listers } = {},
): void {
  listers.persistentVolumes.set({ metadata: { name, resourceVersion: "1" }, spec });
  listers.persistentVolumeClaims.set({
    metadata: { name, namespace: "shop", annotations: { "pv.kubernetes.io/bind-completed": "yes" } },
    spec: { volumeName: name, accessModes: [accessMode], resources: {} },
  });
}

test("pods with claims that say nothing about nodes see them as pods without claims do", () => {
  bind("a");
  bind("b");
  const bare = shapeWith("a", { volumes: [] });
  assert.notEqual(shapeWith("a"), shapeWith("b"));
  assert.equal(placer.view(shapeWith("a")), placer.view(bare));
  assert.equal(placer.view(shapeWith("b")), placer.view(bare));
});

test("pods whose claims matter see nodes in their own way, from when they do", () => {
  const near = { required: { nodeSelectorTerms: [{ matchExpressions: [] }] } };
  bind("local", { nodeAffinity: near });
  bind("alone", {}, { accessMode: "ReadWriteOncePod" });
  bind("attached", { csi: { driver: "d", volumeHandle: "h" } });
  const views = ["missing", "local", "alone", "attached"].map((name) => placer.view(shapeWith(name)));
  const bare = placer.view(shapeWith("a", { volumes: [] }));
  assert.equal(new Set([...views, bare]).size, 5);
  bind("missing");
  assert.equal(placer.view(shapeWith("missing")), bare);
  cluster.listers.persistentVolumes.delete({ metadata: { name: "a" } });
  assert.notEqual(placer.view(shapeWith("a")), bare);
});

test("pods with attached volumes of their own are placed without looking at every node anew, within its limit", () => {
  const many = new Cluster();
  const nodeCount = 20;
  for (let at = 0; at < nodeCount; at += 1) {
    const name = `n${at}`;
    many.setNode({ metadata: { name }, spec: {}, status: { allocatable: { cpu: "4", pods: "110" } } });
    const drivers = [{ name: "d", nodeID: name, allocatable: { count: 1 } }];
    many.listers.csiNodes.set({ metadata: { name }, spec: { drivers } });
  }
  let judged = 0;
  const witness: Plugin = {
    name: "Witness",
    filter: () => ({
      by: "node",
      refuse() {
        judged += 1;
        return undefined;
      },
    }),
  };
  const plugins = [...defaultProfile.plugins, witness];
  const watched = new Placer({ ...defaultProfile, plugins }, many, seededRandom(1));
  const places = Array.from({ length: nodeCount }, (_, at) => {
    bind(`c${at}`, { csi: { driver: "d", volumeHandle: `h${at}` } }, { listers: many.listers });
    const volumes = [{ name: "v", persistentVolumeClaim: { claimName: `c${at}` } }];
    const metadata = { name: `p${at}`, namespace: "shop", uid: `u${at}` };
    const facts = many.factsOf({
      metadata,
      spec: { containers: [{ name: "main", image: "main:1" }], volumes },
    });
    const placement = watched.place(facts);
    assert.ok(placement.type === "placed");
    many.assume(facts, placement.node);
    return placement.nodeName;
  });
  assert.equal(new Set(places).size, nodeCount);
  assert.ok(judged <= 2 * nodeCount, `${judged} judgements`);
});
