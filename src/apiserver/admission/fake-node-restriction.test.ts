import assert from "node:assert/strict";
import { test } from "node:test";
import {
  fakeNodeKey,
  type KubernetesObject,
  leases,
  localFinalizer,
  localNodeLabel,
  type Node,
  nodes,
  type Pod,
  persistentVolumes,
  pods,
  type Resource,
} from "#api";
import { isForbidden } from "#base";
import type { AdmissionAttributes } from "../ports.ts";
import { MemoryFeed } from "../testing/memory-feed.ts";
import { fakeNodeRestriction } from "./fake-node-restriction.ts";

const fake: Node = { metadata: { name: "fake-0", labels: { [fakeNodeKey]: "true" } } };
const real: Node = { metadata: { name: "n1" } };

function asFakeNodes(
  resource: Resource,
  object: KubernetesObject | undefined,
  more: Partial<AdmissionAttributes>,
) {
  const feed = new MemoryFeed();
  feed.put(nodes, fake);
  feed.put(nodes, real);
  const plugin = fakeNodeRestriction(feed);
  const attributes: AdmissionAttributes = {
    user: { name: "system:fake-nodes", groups: ["system:authenticated"] },
    verb: "patch",
    path: "",
    resource,
    operation: "UPDATE",
    object,
    oldObject: object,
    dryRun: false,
    read: feed,
    ...more,
  };
  assert.equal(plugin.handles(attributes), true);
  return () => plugin.validate?.(attributes);
}

const podOn = (nodeName: string): Pod => ({
  metadata: { name: "web", namespace: "shop", labels: { app: "web" } },
  spec: { nodeName, containers: [] },
});

test("the simulation says how fake nodes are, and never how others are", () => {
  const status = (node: Node, changed: Node = node) =>
    asFakeNodes(nodes, changed, { name: node.metadata?.name ?? "", subresource: "status", oldObject: node });
  status(fake)();
  assert.throws(status(real), isForbidden);
  assert.throws(status(fake, { ...fake, metadata: { name: "fake-0" } }), /not allowed to modify labels/);
  const taints = [{ key: "a", effect: "NoSchedule" }];
  assert.throws(status(fake, { ...fake, spec: { taints } }), /not allowed to modify taints/);
});

test("it speaks for pods on fake nodes alone, and takes out those alone", () => {
  const status = (pod: Pod, old = pod) =>
    asFakeNodes(pods, pod, { name: "web", namespace: "shop", subresource: "status", oldObject: old });
  status(podOn("fake-0"))();
  assert.throws(status(podOn("n1")), /acts for fake nodes alone, and "n1" is none/);
  assert.throws(status(podOn("fake-7")), isForbidden);
  assert.throws(status({ ...podOn("fake-0"), metadata: { name: "web" } }, podOn("fake-0")), /modify labels/);
  const remove = (pod: Pod) =>
    asFakeNodes(pods, undefined, { operation: "DELETE", name: "web", namespace: "shop", oldObject: pod });
  remove(podOn("fake-0"))();
  assert.throws(remove(podOn("n1")), isForbidden);
});

test("it renews leases of fake nodes, and holds no others", () => {
  const renew = (name: string, namespace: string) =>
    asFakeNodes(leases, { metadata: { name, namespace } }, { namespace });
  renew("fake-0", "kube-node-lease")();
  assert.throws(renew("n1", "kube-node-lease"), isForbidden);
  assert.throws(renew("kube-scheduler", "kube-system"), /can only access leases in/);
});

test("it lets go of volumes that are directories of fake nodes, and does nothing else to any", () => {
  const volume = (node: string, finalizers: string[]) => ({
    metadata: { name: "pvc-1", labels: { [localNodeLabel]: node }, finalizers },
  });
  const change = (from: KubernetesObject, to: KubernetesObject) =>
    asFakeNodes(persistentVolumes, to, { name: "pvc-1", oldObject: from });
  change(volume("fake-0", [localFinalizer, "other"]), volume("fake-0", ["other"]))();
  assert.throws(change(volume("n1", [localFinalizer]), volume("n1", [])), isForbidden);
  assert.throws(change(volume("fake-0", ["other"]), volume("fake-0", [])), /can only remove the finalizer/);
  assert.throws(
    change(volume("n1", [localFinalizer]), volume("fake-0", [])),
    /can only remove the finalizer/,
  );
});
