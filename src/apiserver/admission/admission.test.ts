import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clusterRoleBindings,
  clusterRoles,
  type KubernetesObject,
  type Node,
  namespaces,
  nodes,
  type Pod,
  type PodSpec,
  pods,
  priorityClasses,
  type Resource,
  roleBindings,
  roles,
  runtimeClasses,
  serviceAccounts,
} from "#api";
import { isForbidden, isNotFound, seededRandom, systemClock } from "#base";
import { createAuthorizer } from "../authorization/authorizer.ts";
import { rule } from "../authorization/defaults/rule.ts";
import type { AdmissionAttributes, User } from "../ports.ts";
import { MemoryFeed } from "../testing/memory-feed.ts";
import { admissionPlugins } from "./registry.ts";

const admin: User = { name: "root", groups: ["system:masters"] };
const ada: User = { name: "ada", groups: ["system:authenticated"] };
const node: User = { name: "system:node:n1", groups: ["system:nodes"] };
const group = "rbac.authorization.k8s.io";

function world() {
  const feed = new MemoryFeed();
  feed.put(namespaces, { metadata: { name: "shop" }, status: { phase: "Active" } });
  feed.put(serviceAccounts, {
    metadata: { name: "default", namespace: "shop" },
    imagePullSecrets: [{ name: "pull" }],
  });
  const authorizer = createAuthorizer(feed);
  const random = seededRandom(1);
  const plugins = admissionPlugins({ feed, authorizer, rbac: authorizer.rbac, clock: systemClock, random });
  const admit = async <T extends KubernetesObject>(
    resource: Resource<T>,
    object: T | undefined,
    more: Partial<AdmissionAttributes> = {},
  ): Promise<T> => {
    const attributes: AdmissionAttributes = {
      user: admin,
      verb: "create",
      path: "",
      resource,
      operation: "CREATE",
      object,
      oldObject: undefined,
      dryRun: false,
      read: feed,
      ...(resource.namespaced ? { namespace: "shop" } : {}),
      ...more,
    };
    const handling = plugins.filter((plugin) => plugin.handles(attributes));
    for (const plugin of handling) await plugin.mutate?.(attributes);
    for (const plugin of handling) await plugin.validate?.(attributes);
    return object as T;
  };
  return { feed, admit };
}

function pod(spec: Partial<PodSpec> = {}): Pod {
  return {
    metadata: { generateName: "web-", namespace: "shop" },
    spec: { containers: [{ name: "c" }], ...spec },
  };
}

test("nothing is created without its namespace, or while the namespace goes", async () => {
  const { admit, feed } = world();
  await assert.rejects(admit(pods, pod(), { namespace: "bank" }), isNotFound);
  feed.put(namespaces, {
    metadata: { name: "shop", deletionTimestamp: "x" },
    status: { phase: "Terminating" },
  });
  await assert.rejects(admit(pods, pod()), {
    message:
      'pods "web-" is forbidden: unable to create new content in namespace shop because it is being terminated',
  });
});

test("the namespaces of the system stay", async () => {
  const { admit } = world();
  for (const name of ["default", "kube-system", "kube-public", "kube-node-lease"]) {
    const deleting = admit(namespaces, undefined, { operation: "DELETE", name });
    await assert.rejects(deleting, {
      message: `namespaces "${name}" is forbidden: this namespace may not be deleted`,
    });
  }
  await admit(namespaces, undefined, { operation: "DELETE", name: "shop" });
});

test("a pod runs as its namespace's default account, with token, authority and namespace mounted", async () => {
  const { admit } = world();
  const { spec } = await admit(pods, pod({ initContainers: [{ name: "i" }] }));
  assert.equal(spec?.serviceAccountName, "default");
  assert.deepEqual(spec?.imagePullSecrets, [{ name: "pull" }]);
  const [volume] = spec?.volumes ?? [];
  assert.match(volume?.name ?? "", /^kube-api-access-[a-z0-9]{5}$/);
  const sources = volume?.projected?.sources ?? [];
  assert.equal(sources[0]?.serviceAccountToken?.path, "token");
  assert.equal(sources[1]?.configMap?.name, "kube-root-ca.crt");
  assert.equal(sources[2]?.downwardAPI?.items?.[0]?.fieldRef?.fieldPath, "metadata.namespace");
  for (const container of [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]) {
    assert.deepEqual(container.volumeMounts, [
      { name: volume?.name, readOnly: true, mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" },
    ]);
  }
});

test("no token is mounted where pod or account say so, or where one is mounted already", async () => {
  const { admit, feed } = world();
  assert.equal((await admit(pods, pod({ automountServiceAccountToken: false }))).spec?.volumes, undefined);
  const mount = { name: "own", mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" };
  const own = await admit(pods, pod({ containers: [{ name: "c", volumeMounts: [mount] }] }));
  assert.equal(own.spec?.volumes, undefined);
  feed.put(serviceAccounts, {
    metadata: { name: "default", namespace: "shop" },
    automountServiceAccountToken: false,
  });
  assert.equal((await admit(pods, pod())).spec?.volumes, undefined);
});

test("the first pod of a new namespace waits for the account that a controller makes", async () => {
  const { admit, feed } = world();
  feed.put(namespaces, { metadata: { name: "new" } });
  const admitted = admit(pods, pod(), { namespace: "new" });
  feed.put(serviceAccounts, { metadata: { name: "default", namespace: "new" } });
  assert.equal((await admitted).spec?.serviceAccountName, "default");
});

test("a priority class gives its number; pods without one get the default", async () => {
  const { admit, feed } = world();
  assert.equal((await admit(pods, pod())).spec?.priority, 0);
  const critical = await admit(pods, pod({ priorityClassName: "system-node-critical" }));
  assert.equal(critical.spec?.priority, 2_000_001_000);
  await assert.rejects(admit(pods, pod({ priorityClassName: "none" })), {
    message: 'pods "web-" is forbidden: no PriorityClass with name none was found',
  });
  feed.put(priorityClasses, {
    metadata: { name: "usual" },
    value: 7,
    globalDefault: true,
    preemptionPolicy: "Never",
  });
  const { spec } = await admit(pods, pod());
  assert.deepEqual([spec?.priorityClassName, spec?.priority, spec?.preemptionPolicy], ["usual", 7, "Never"]);
  await assert.rejects(admit(pods, pod({ priority: 9 })), isForbidden);
  const second = { metadata: { name: "other" }, value: 1, globalDefault: true };
  await assert.rejects(admit(priorityClasses, second), /PriorityClass usual is already marked as default/);
});

test("a pod gets the costs and nodes of its runtime class, and is refused when there is none", async () => {
  const { admit, feed } = world();
  await assert.rejects(admit(pods, pod({ runtimeClassName: "kata" })), {
    message: 'pods "web-" is forbidden: pod rejected: RuntimeClass "kata" not found',
  });
  const toleration = { key: "kata", operator: "Exists" };
  feed.put(runtimeClasses, {
    metadata: { name: "kata" },
    handler: "kata",
    overhead: { podFixed: { memory: "64Mi" } },
    // A label may be called what every object of the language has.
    scheduling: { nodeSelector: { kata: "yes", constructor: "acme" }, tolerations: [toleration] },
  });
  const { spec } = await admit(pods, pod({ runtimeClassName: "kata", nodeSelector: { zone: "a" } }));
  assert.deepEqual(spec?.overhead, { memory: "64Mi" });
  assert.deepEqual(spec?.nodeSelector, { zone: "a", kata: "yes", constructor: "acme" });
  assert.ok(spec?.tolerations?.some(({ key }) => key === "kata"));
  const elsewhere = pod({ runtimeClassName: "kata", nodeSelector: { kata: "no" } });
  await assert.rejects(
    admit(pods, elsewhere),
    /conflict: runtimeClass\.scheduling\.nodeSelector\[kata\] = yes/,
  );
  await assert.rejects(admit(pods, pod({ overhead: { memory: "1Gi" } })), /Overhead doesn't match/);
});

test("a pod bears a silent node for five minutes, unless it says otherwise", async () => {
  const { admit } = world();
  const { spec } = await admit(pods, pod());
  assert.deepEqual(
    spec?.tolerations?.map((each) => [each.key, each.effect, each.tolerationSeconds]),
    [
      ["node.kubernetes.io/not-ready", "NoExecute", 300],
      ["node.kubernetes.io/unreachable", "NoExecute", 300],
    ],
  );
  const all = await admit(pods, pod({ tolerations: [{ operator: "Exists" }] }));
  assert.equal(all.spec?.tolerations?.length, 1);
});

test("a node is born not ready", async () => {
  const { admit } = world();
  const made = await admit(nodes, { metadata: { name: "n1" } }, { user: node });
  assert.deepEqual(made.spec?.taints, [{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }]);
});

test("a node changes itself, but neither others nor what others place pods by", async () => {
  const { admit } = world();
  const old: Node = {
    metadata: { name: "n1", labels: { a: "b" } },
    spec: { taints: [{ key: "k", effect: "NoExecute" }] },
  };
  const update = (change: Node, more: Partial<AdmissionAttributes> = {}) =>
    admit(
      nodes,
      { ...old, ...change },
      { operation: "UPDATE", name: "n1", user: node, oldObject: old, ...more },
    );
  await update({ metadata: { name: "n1", labels: { a: "c", "kubernetes.io/hostname": "n1" } } });
  await assert.rejects(update({ spec: {} }), /is not allowed to modify taints/);
  const guarded = { "node-restriction.kubernetes.io/zone": "secure", a: "b" };
  await assert.rejects(
    update({ metadata: { name: "n1", labels: guarded } }),
    /is not allowed to modify labels/,
  );
  await assert.rejects(
    update({ metadata: { name: "n2" } }, { name: "n2" }),
    /not allowed to modify node "n2"/,
  );
  await update({ spec: {} }, { user: admin });
});

test("a node writes the status of its own pods, and makes none", async () => {
  const { admit } = world();
  const old: Pod = {
    metadata: { name: "web", namespace: "shop", labels: { a: "b" } },
    spec: { nodeName: "n1", containers: [] },
  };
  const status = (object: Pod, oldObject = old) =>
    admit(pods, object, { operation: "UPDATE", subresource: "status", name: "web", user: node, oldObject });
  await status({ ...old, status: { phase: "Running" } });
  await assert.rejects(status({ ...old, metadata: { ...old.metadata, labels: {} } }), /cannot update labels/);
  await assert.rejects(status(old, { ...old, spec: { nodeName: "n2", containers: [] } }), isForbidden);
  await assert.rejects(admit(pods, pod(), { user: node }), /can only create mirror pods/);
});

test("nobody grants what they do not hold, unless they may escalate or bind", async () => {
  const { admit, feed } = world();
  feed.put(clusterRoles, {
    metadata: { name: "author" },
    rules: [rule("create", group, "roles"), rule("get", "", "pods")],
  });
  feed.put(clusterRoleBindings, {
    metadata: { name: "author" },
    roleRef: { apiGroup: group, kind: "ClusterRole", name: "author" },
    subjects: [{ kind: "User", name: "ada" }],
  });
  const role = (...rules: ReturnType<typeof rule>[]) =>
    admit(roles, { metadata: { name: "r", namespace: "shop" }, rules }, { user: ada });
  await role(rule("get", "", "pods"));
  await assert.rejects(role(rule("get delete", "", "pods"), rule("get", "", "secrets")), {
    message: [
      'roles.rbac.authorization.k8s.io "r" is forbidden: user "ada" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:',
      '{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}',
      '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
    ].join("\n"),
  });
  feed.put(clusterRoles, { metadata: { name: "strong" }, rules: [rule("*", "*", "*")] });
  const bind = (name: string) =>
    admit(
      roleBindings,
      { metadata: { name: "b", namespace: "shop" }, roleRef: { apiGroup: group, kind: "ClusterRole", name } },
      { user: ada },
    );
  await bind("author");
  await assert.rejects(bind("strong"), /not currently held/);
  await assert.rejects(bind("absent"), isNotFound);
  feed.put(clusterRoles, {
    metadata: { name: "author" },
    rules: [rule("bind", group, "clusterroles", "strong"), rule("escalate", group, "roles")],
  });
  await bind("strong");
  await role(rule("*", "*", "*"));
});
