import assert from "node:assert/strict";
import { test } from "node:test";
import type { PersistentVolumeClaim, Pod } from "#api";
import { decideProtection, usesClaim } from "./decide.ts";

const finalizer = "kubernetes.io/pvc-protection";

test("a finalizer is there while the object lives, and goes when it is deleted and unused", () => {
  const held = { finalizers: [finalizer] };
  const unused = { isUsed: false };
  assert.equal(decideProtection({}, finalizer, unused), "add");
  assert.equal(decideProtection(held, finalizer, unused), "keep");
  const going = { ...held, deletionTimestamp: "x" };
  assert.equal(decideProtection(going, finalizer, { isUsed: true }), "keep");
  assert.equal(decideProtection(going, finalizer, unused), "remove");
  assert.equal(decideProtection({ deletionTimestamp: "x" }, finalizer, unused), "keep");
});

test("a claim is used by the pods on nodes that name it", () => {
  const claim: PersistentVolumeClaim = { metadata: { name: "disk", namespace: "shop" } };
  const pod = (nodeName: string | undefined, claimName: string): Pod => ({
    metadata: { name: "web", namespace: "shop", uid: "p1" },
    spec: {
      containers: [],
      ...(nodeName ? { nodeName } : {}),
      volumes: [{ name: "d", persistentVolumeClaim: { claimName } }],
    },
  });
  assert.ok(usesClaim(pod("n1", "disk"), claim));
  assert.ok(!usesClaim(pod(undefined, "disk"), claim));
  assert.ok(!usesClaim(pod("n1", "other"), claim));
});

test("a pod's own claim is used until its node has done with the pod", () => {
  const ownerReferences = [{ apiVersion: "v1", kind: "Pod", name: "web", uid: "p1", controller: true }];
  const claim = { metadata: { name: "web-d", namespace: "shop", ownerReferences } };
  const pod: Pod = {
    metadata: { name: "web", namespace: "shop", uid: "p1" },
    spec: { containers: [], nodeName: "n1", volumes: [{ name: "d", ephemeral: {} }] },
  };
  assert.ok(usesClaim(pod, claim));
  assert.ok(!usesClaim(pod, { metadata: { name: "web-d", namespace: "shop" } }), "it has another owner");
  const ended = { ...pod.metadata, deletionTimestamp: "x", deletionGracePeriodSeconds: 0 };
  assert.ok(!usesClaim({ ...pod, metadata: ended }, claim));
});
