import assert from "node:assert/strict";
import { test } from "node:test";
import {
  configMaps,
  leases,
  nodes,
  type Pod,
  persistentVolumes,
  pods,
  secrets,
  serviceAccounts,
  services,
} from "#api";
import type { RequestAttributes, User } from "../../ports.ts";
import { MemoryFeed } from "../../testing/memory-feed.ts";
import { nodeAuthorizer } from "./node-authorizer.ts";

const node: User = { name: "system:node:n1", groups: ["system:nodes", "system:authenticated"] };

function shopPod(nodeName: string | undefined): Pod {
  return {
    metadata: { name: "web", namespace: "shop", uid: "1" },
    spec: {
      ...(nodeName ? { nodeName } : {}),
      serviceAccountName: "robot",
      imagePullSecrets: [{ name: "pull" }],
      containers: [
        {
          name: "c",
          envFrom: [{ configMapRef: { name: "env" } }],
          env: [{ name: "X", valueFrom: { secretKeyRef: { name: "key", key: "k" } } }],
        },
      ],
      volumes: [
        { name: "a", secret: { secretName: "volume" } },
        { name: "b", projected: { sources: [{ configMap: { name: "kube-root-ca.crt" } }] } },
        { name: "c", persistentVolumeClaim: { claimName: "disk" } },
      ],
    },
  };
}

function asking(feed: MemoryFeed, user = node) {
  const authorizer = nodeAuthorizer(feed);
  return (verb: string, attributes: Partial<RequestAttributes>) =>
    authorizer.authorize({ user, verb, path: "", ...attributes }).verdict === "allow";
}

test("a node reads what pods bound to it refer to, while they are", () => {
  const feed = new MemoryFeed();
  const may = asking(feed);
  const needed: Partial<RequestAttributes>[] = [
    { resource: secrets, name: "pull" },
    { resource: secrets, name: "key" },
    { resource: secrets, name: "volume" },
    { resource: configMaps, name: "env" },
    { resource: configMaps, name: "kube-root-ca.crt" },
  ];
  const all = (expected: boolean) => {
    for (const each of needed)
      assert.equal(may("get", { namespace: "shop", ...each }), expected, each.name ?? "");
  };
  feed.put(pods, shopPod(undefined));
  all(false);
  feed.put(pods, shopPod("n2"));
  all(false);
  feed.put(pods, { ...shopPod("n1"), metadata: { name: "web", namespace: "shop", uid: "2" } });
  all(true);
  assert.ok(
    may("create", { resource: serviceAccounts, subresource: "token", namespace: "shop", name: "robot" }),
  );
  feed.delete(pods, "web", "shop");
  all(false);
  assert.ok(
    !may("create", { resource: serviceAccounts, subresource: "token", namespace: "shop", name: "robot" }),
  );
});

test("a node never lists or writes secrets", () => {
  const feed = new MemoryFeed();
  feed.put(pods, shopPod("n1"));
  const may = asking(feed);
  assert.ok(!may("list", { resource: secrets, namespace: "shop" }));
  assert.ok(!may("list", { resource: secrets }));
  assert.ok(!may("update", { resource: secrets, namespace: "shop", name: "key" }));
  assert.ok(may("watch", { resource: secrets, namespace: "shop", name: "key" }));
});

test("a node sees and changes only its own pods", () => {
  const feed = new MemoryFeed();
  feed.put(pods, shopPod("n1"));
  feed.put(pods, { ...shopPod("n2"), metadata: { name: "other", namespace: "shop", uid: "3" } });
  const may = asking(feed);
  const at = (name: string, subresource?: string) => ({
    resource: pods,
    namespace: "shop",
    name,
    ...(subresource ? { subresource } : {}),
  });
  assert.deepEqual([may("get", at("web")), may("get", at("other"))], [true, false]);
  assert.deepEqual([may("patch", at("web", "status")), may("patch", at("other", "status"))], [true, false]);
  assert.deepEqual([may("delete", at("web")), may("delete", at("other"))], [true, false]);
  assert.ok(!may("patch", at("web")));
  assert.ok(may("delete", at("gone")) && may("patch", at("gone", "status")), "which answers that it is gone");
  assert.ok(!may("create", at("web", "exec")));
  assert.ok(may("watch", { resource: pods, fieldSelector: "spec.nodeName=n1" }));
  assert.ok(!may("watch", { resource: pods, fieldSelector: "spec.nodeName=n2" }));
  assert.ok(!may("watch", { resource: pods, fieldSelector: "spec.nodeName!=n1" }));
  assert.ok(!may("list", { resource: pods }));
});

test("a node writes itself and its lease, and dials its own tunnel", () => {
  const may = asking(new MemoryFeed());
  assert.ok(may("create", { resource: nodes }));
  assert.ok(may("patch", { resource: nodes, name: "n1", subresource: "status" }));
  assert.ok(!may("patch", { resource: nodes, name: "n2", subresource: "status" }));
  assert.ok(!may("delete", { resource: nodes, name: "n1" }));
  assert.ok(may("update", { resource: leases, namespace: "kube-node-lease", name: "n1" }));
  assert.ok(!may("update", { resource: leases, namespace: "kube-node-lease", name: "n2" }));
  assert.ok(!may("update", { resource: leases, namespace: "kube-system", name: "n1" }));
  assert.ok(may("get", { path: "/nacre/v1/nodes/n1/tunnel" }));
  assert.ok(!may("get", { path: "/nacre/v1/nodes/n2/tunnel" }));
});

test("a volume is readable through the claim that a pod of the node uses", () => {
  const feed = new MemoryFeed();
  feed.put(pods, shopPod("n1"));
  feed.put(persistentVolumes, {
    metadata: { name: "v1" },
    spec: { claimRef: { namespace: "shop", name: "disk" } },
  });
  feed.put(persistentVolumes, {
    metadata: { name: "v2" },
    spec: { claimRef: { namespace: "bank", name: "disk" } },
  });
  const may = asking(feed);
  assert.ok(may("get", { resource: persistentVolumes, name: "v1" }));
  assert.ok(!may("get", { resource: persistentVolumes, name: "v2" }));
});

test("the directories of a node are its own to look after, those of others are not", () => {
  const feed = new MemoryFeed();
  feed.put(persistentVolumes, { metadata: { name: "mine", labels: { "nacre.dev/node": "n1" } } });
  feed.put(persistentVolumes, { metadata: { name: "theirs", labels: { "nacre.dev/node": "n2" } } });
  const may = asking(feed);
  assert.ok(may("watch", { resource: persistentVolumes, labelSelector: "nacre.dev/node=n1" }));
  assert.ok(!may("watch", { resource: persistentVolumes, labelSelector: "nacre.dev/node=n2" }));
  assert.ok(!may("list", { resource: persistentVolumes }));
  assert.ok(may("patch", { resource: persistentVolumes, name: "mine" }));
  assert.ok(!may("patch", { resource: persistentVolumes, name: "theirs" }));
  assert.ok(!may("delete", { resource: persistentVolumes, name: "mine" }));
  assert.ok(!may("patch", { resource: persistentVolumes, name: "mine", subresource: "status" }));
});

test("the name alone, without the group, makes nobody a node", () => {
  const feed = new MemoryFeed();
  feed.put(pods, shopPod("n1"));
  const may = asking(feed, { name: "system:node:n1", groups: ["system:authenticated"] });
  assert.ok(!may("get", { resource: services, namespace: "shop", name: "web" }));
  assert.ok(!may("get", { resource: secrets, namespace: "shop", name: "key" }));
});
