import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConfigMap, Event, Namespace, Node, RoleBinding, Secret } from "../generated/types.ts";
import { cloneJson } from "../json.ts";
import { configMapKind } from "./config-map.ts";
import { eventsV1EventKind } from "./event/event.ts";
import { namespaceKind } from "./namespace.ts";
import { nodeKind } from "./node.ts";
import { roleBindingKind } from "./rbac.ts";
import { secretKind } from "./secret.ts";

const metadata = { name: "x", namespace: "shop" };

function complaintsOf(causes: readonly { field?: string; message?: string }[]): string[] {
  return causes.map(({ field, message }) => `${field}: ${message}`);
}

test("a secret's texts become its bytes, and are not kept as texts", () => {
  const secret: Secret = { metadata, type: "", stringData: { a: "grüße" } };
  secretKind.defaults(secret);
  assert.deepEqual(secret, { metadata, type: "Opaque", data: { a: "Z3LDvMOfZQ==" } });
});

test("a secret's type stays, and says which keys there must be", () => {
  const tls: Secret = { metadata, type: "kubernetes.io/tls", data: {} };
  assert.deepEqual(complaintsOf(secretKind.validateCreate(tls)), [
    "data[tls.crt]: Required value",
    "data[tls.key]: Required value",
  ]);
  const other = { ...tls, type: "kubernetes.io/basic-auth", data: { username: "x" } };
  assert.match(secretKind.validateUpdate(other, tls)[0]?.message ?? "", /field is immutable/);
  const opaque = { ...tls, type: "Opaque" };
  secretKind.prepareForUpdate(opaque, tls);
  assert.match(secretKind.validateUpdate(opaque, tls)[0]?.message ?? "", /"Opaque": field is immutable/);
});

test("what is declared immutable stays", () => {
  const old: ConfigMap = { metadata, data: { a: "1" }, immutable: true };
  assert.deepEqual(configMapKind.validateUpdate(cloneJson(old), old), []);
  assert.deepEqual(complaintsOf(configMapKind.validateUpdate({ metadata, data: { a: "2" } }, old)), [
    "immutable: Forbidden: field is immutable when `immutable` is set",
    "data: Forbidden: field is immutable when `immutable` is set",
  ]);
});

test("a config map holds at most 1 MiB, and only keys that can be file names", () => {
  assert.match(
    configMapKind.validateCreate({ metadata, data: { a: "x".repeat(1024 * 1024 + 1) } })[0]?.message ?? "",
    /Too long/,
  );
  assert.equal(configMapKind.validateCreate({ metadata, data: { "a/b": "x" } }).length, 1);
});

test("a key of a config map is a text or bytes, and may be called anything", () => {
  const bytes = { a: "eA==", b: "eA==" };
  const both = { metadata, data: { a: "x", constructor: "x", toString: "x" }, binaryData: bytes };
  assert.deepEqual(complaintsOf(configMapKind.validateCreate(both as unknown as ConfigMap)), [
    'data[a]: Invalid value: "a": duplicate of key present in binaryData',
  ]);
});

test("a namespace carries its name as a label, and is held until it is empty", () => {
  const namespace: Namespace = { metadata: { name: "shop" } };
  namespaceKind.defaults(namespace);
  namespaceKind.prepareForCreate(namespace);
  assert.deepEqual(namespace, {
    metadata: { name: "shop", labels: { "kubernetes.io/metadata.name": "shop" } },
    spec: { finalizers: ["kubernetes"] },
    status: { phase: "Active" },
  });
  assert.ok(namespaceKind.deletion.isHeld(namespace));
  namespaceKind.deletion.markDeleted(namespace);
  assert.equal(namespace.status?.phase, "Terminating");
});

test("only finalize takes a namespace's finalizers away", () => {
  const old: Namespace = { metadata: { name: "shop" }, spec: { finalizers: ["kubernetes"] } };
  const update: Namespace = { metadata: { name: "shop" }, spec: {} };
  namespaceKind.prepareForUpdate(update, old);
  assert.deepEqual(update.spec?.finalizers, ["kubernetes"]);
  const finalize = namespaceKind.subresources.finalize;
  assert.ok(finalize?.type === "part");
  const final: Namespace = { metadata: { name: "shop" }, spec: { finalizers: [] } };
  finalize.prepareForUpdate(final, old);
  assert.deepEqual(final.spec?.finalizers, []);
});

test("a node's row says whether it takes pods", () => {
  const node: Node = {
    metadata: { name: "n1", labels: { "node-role.kubernetes.io/control-plane": "" } },
    spec: { unschedulable: true },
    status: {
      conditions: [{ type: "Ready", status: "True" }],
      addresses: [{ type: "InternalIP", address: "10.0.0.1" }],
    },
  };
  assert.deepEqual(nodeKind.columns.row(node, 0).slice(0, 3), [
    "n1",
    "Ready,SchedulingDisabled",
    "control-plane",
  ]);
  assert.equal(nodeKind.columns.row(node, 0)[5], "10.0.0.1");
});

test("a binding's group is filled in, and what it grants stays", () => {
  const binding: RoleBinding = {
    metadata,
    roleRef: { kind: "Role", name: "r" },
    subjects: [
      { kind: "User", name: "bob" },
      { kind: "ServiceAccount", name: "a", namespace: "shop" },
    ],
  };
  roleBindingKind.defaults(binding);
  assert.equal(binding.roleRef.apiGroup, "rbac.authorization.k8s.io");
  assert.equal(binding.subjects?.[0]?.apiGroup, "rbac.authorization.k8s.io");
  assert.deepEqual(roleBindingKind.validateCreate(binding), []);
  const other = { ...cloneJson(binding), roleRef: { ...binding.roleRef, name: "s" } };
  assert.match(roleBindingKind.validateUpdate(other, binding)[0]?.message ?? "", /cannot change roleRef/);
});

test("an event of events.k8s.io is stored as the core group's, and comes back the same", () => {
  const event = {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata,
    note: "it ended",
    regarding: { kind: "Pod", name: "web" },
    eventTime: "2026-01-01T00:00:00.000000Z",
  };
  const convert = eventsV1EventKind.storage?.convert;
  assert.ok(convert);
  const stored = convert.toStored(event) as Event;
  assert.equal(stored.message, "it ended");
  assert.deepEqual(stored.involvedObject, { kind: "Pod", name: "web" });
  assert.deepEqual(convert.fromStored(stored), event);
});
