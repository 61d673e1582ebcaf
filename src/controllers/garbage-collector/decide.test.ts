import assert from "node:assert/strict";
import { test } from "node:test";
import { pods } from "#api";
import { decide, type OwnerState } from "./decide.ts";
import { type GraphNode, OwnerGraph } from "./graph.ts";

function node(uid: string, owners: string[] = [], more: Partial<GraphNode> = {}): GraphNode {
  return {
    uid,
    resource: pods,
    name: uid,
    namespace: "shop",
    owners: owners.map((owner) => ({
      apiVersion: "v1",
      kind: "Owner",
      name: owner,
      uid: owner,
      blockOwnerDeletion: true,
    })),
    isDeleting: false,
    awaitsDependents: false,
    orphansDependents: false,
    ...more,
  };
}

function planFor(one: GraphNode, states: Record<string, OwnerState> = {}, dependents: GraphNode[] = []) {
  return decide({ node: one, dependents, ownerState: ({ uid }) => states[uid] ?? "solid" });
}

test("without owners nothing happens", () => {
  assert.deepEqual(planFor(node("a")), { type: "nothing" });
});

test("when all owners are absent it is deleted in the background", () => {
  const plan = planFor(node("a", ["x", "y"]), { x: "absent", y: "absent" });
  assert.deepEqual(plan, { type: "delete", policy: "Background" });
});

test("as long as one owner lives, only the references to the others go", () => {
  const plan = planFor(node("a", ["x", "y"]), { x: "absent" });
  assert.deepEqual(plan, { type: "disown", owners: ["x"] });
});

test("an owner that waits takes its dependents with it, in the foreground where they have their own", () => {
  const waiting = { x: "waiting" } as const;
  assert.deepEqual(planFor(node("a", ["x"]), waiting), { type: "delete", policy: "Background" });
  const parent = node("a", ["x"]);
  assert.deepEqual(planFor(parent, waiting, [node("b", ["a"])]), { type: "delete", policy: "Foreground" });
});

test("an owner in foreground deletion is released when nothing blocks it any more", () => {
  const owner = node("x", [], { isDeleting: true, awaitsDependents: true });
  const child = node("a", ["x"]);
  assert.deepEqual(planFor(owner, {}, [child]), { type: "await", dependents: [child] });
  const leaving = node("a", ["x"], { isDeleting: true });
  assert.deepEqual(planFor(owner, {}, [leaving]), { type: "await", dependents: [] });
  assert.deepEqual(planFor(owner), { type: "release" });
});

test("an orphaning owner leaves its dependents without it", () => {
  const owner = node("x", [], { isDeleting: true, orphansDependents: true });
  const child = node("a", ["x"]);
  assert.deepEqual(planFor(owner, {}, [child]), { type: "orphan", dependents: [child] });
});

test("the graph follows owners as they change", () => {
  const graph = new OwnerGraph();
  const object = (owners: string[]) => ({
    metadata: {
      uid: "a",
      name: "a",
      ownerReferences: owners.map((uid) => ({ apiVersion: "v1", kind: "Owner", name: uid, uid })),
    },
  });
  const dependents = (uid: string) => graph.dependentsOf(uid).map((one) => one.uid);
  graph.put(pods, object(["x", "y"]));
  assert.deepEqual([dependents("x"), dependents("y")], [["a"], ["a"]]);
  graph.put(pods, object(["y"]));
  assert.deepEqual([dependents("x"), dependents("y")], [[], ["a"]]);
  graph.remove("a");
  assert.deepEqual(dependents("y"), []);
});
