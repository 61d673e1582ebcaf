import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../../generated/types.ts";
import { cloneJson } from "../../json.ts";
import { podKind } from "./pod.ts";
import { pullPolicyOf } from "./pull-policy.ts";

function pod(spec: object = {}, status?: object): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "shop", creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: { containers: [{ name: "web", image: "web:1" }], ...spec },
    ...(status ? { status } : {}),
  };
}

function completed(spec?: object): Pod {
  const object = pod(spec);
  podKind.defaults(object);
  podKind.prepareForCreate(object);
  return object;
}

function complaints(spec: object): string[] {
  return podKind.validateCreate(completed(spec)).map(({ field, message }) => `${field}: ${message}`);
}

test("a pod is completed as Kubernetes completes it", () => {
  const probe = { httpGet: { port: 80 } };
  const object = completed({
    containers: [
      {
        name: "web",
        image: "web",
        ports: [{ containerPort: 80 }],
        livenessProbe: probe,
        resources: { limits: { cpu: "1" } },
      },
    ],
    volumes: [{ name: "v" }, { name: "c", configMap: { name: "x" } }],
  });
  assert.deepEqual(object.spec, {
    containers: [
      {
        name: "web",
        image: "web",
        ports: [{ containerPort: 80, protocol: "TCP" }],
        livenessProbe: {
          httpGet: { port: 80, path: "/", scheme: "HTTP" },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
        resources: { limits: { cpu: "1" }, requests: { cpu: "1" } },
        imagePullPolicy: "Always",
        terminationMessagePath: "/dev/termination-log",
        terminationMessagePolicy: "File",
      },
    ],
    volumes: [
      { name: "v", emptyDir: {} },
      { name: "c", configMap: { name: "x", defaultMode: 420 } },
    ],
    enableServiceLinks: true,
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
    dnsPolicy: "ClusterFirst",
    securityContext: {},
    schedulerName: "default-scheduler",
  });
  assert.deepEqual(object.status, { phase: "Pending", qosClass: "Burstable" });
  assert.equal(object.metadata?.generation, 1);
});

test("only what may change behind its name is always pulled", () => {
  const always = ["web", "web:latest", "host:5000/web", "host:5000/a/web:latest"];
  const once = ["web:1", "host:5000/web:1", "web@sha256:abc", "web:latest@sha256:abc"];
  for (const image of always) assert.equal(pullPolicyOf(image), "Always", image);
  for (const image of once) assert.equal(pullPolicyOf(image), "IfNotPresent", image);
});

test("a valid pod has no complaints", () => {
  assert.deepEqual(complaints({}), []);
});

test("what is wrong is named by its field, in Kubernetes' words", () => {
  const container = { name: "web", image: "web" };
  const cases: [object, string][] = [
    [{ containers: [] }, "spec.containers: Required value"],
    [{ containers: [{ name: "web" }] }, "spec.containers[0].image: Required value"],
    [{ containers: [container, container] }, 'spec.containers[1].name: Duplicate value: "web"'],
    [
      { nodeName: "n1", schedulingGates: [{ name: "example.com/quota" }] },
      "spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared",
    ],
    [
      { restartPolicy: "Maybe" },
      'spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"',
    ],
    [
      { containers: [{ ...container, volumeMounts: [{ name: "x", mountPath: "/x" }] }] },
      'spec.containers[0].volumeMounts[0].name: Not found: "x"',
    ],
    [
      { containers: [{ ...container, resources: { requests: { cpu: "2" }, limits: { cpu: "1" } } }] },
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ],
    [
      { volumes: [{ name: "v", emptyDir: {}, hostPath: { path: "/x" } }] },
      "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type",
    ],
    [
      { terminationGracePeriodSeconds: -1 },
      "spec.terminationGracePeriodSeconds: Invalid value: -1: must be greater than or equal to 0",
    ],
    [
      { initContainers: [{ name: "i", image: "i", readinessProbe: { exec: { command: ["x"] } } }] },
      "spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always",
    ],
  ];
  for (const [spec, expected] of cases) assert.deepEqual(complaints(spec), [expected]);
});

test("filters are named as they must be, and lead nowhere else", () => {
  const refused = (securityContext: object) => complaints({ securityContext })[0] ?? "";
  const local = (localhostProfile?: string) => ({ seccompProfile: { type: "Localhost", localhostProfile } });
  assert.equal(refused(local("team/strict.json")), "");
  assert.match(
    refused(local()),
    /localhostProfile: Required value: must be set when seccomp type is Localhost/,
  );
  assert.match(refused(local("../x")), /must not contain '\.\.'/);
  assert.match(refused(local("/x")), /must be a relative path/);
  assert.match(refused({ appArmorProfile: { type: "Strict" } }), /appArmorProfile\.type: Unsupported value/);
});

test("of a pod that exists, the image may change and the host name not", () => {
  const old = completed();
  const other = cloneJson(old);
  Object.assign(other.spec?.containers[0] ?? {}, { image: "web:2" });
  assert.deepEqual(podKind.validateUpdate(other, old), []);
  Object.assign(other.spec ?? {}, { hostname: "x" });
  const [cause, ...more] = podKind.validateUpdate(other, old);
  assert.equal(more.length, 0);
  assert.match(cause?.message ?? "", /^Forbidden: pod updates may not change fields other than/);
  assert.match(cause?.message ?? "", /changed: spec.hostname$/);
});

test("an update keeps the status, a status update keeps the spec; only a changed spec counts", () => {
  const old = completed();
  const update = cloneJson(old);
  update.status = { phase: "Failed" };
  podKind.prepareForUpdate(update, old);
  assert.equal(update.status?.phase, "Pending");
  assert.equal(update.metadata?.generation, 1);
  Object.assign(update.spec?.containers[0] ?? {}, { image: "web:2" });
  podKind.prepareForUpdate(update, old);
  assert.equal(update.metadata?.generation, 2);

  const status = podKind.subresources.status;
  assert.ok(status?.type === "part");
  const written = cloneJson(old);
  written.status = { phase: "Running" };
  Object.assign(written.spec ?? {}, { hostname: "x" });
  status.prepareForUpdate(written, old);
  assert.equal(written.status?.phase, "Running");
  assert.equal(written.spec?.hostname, undefined);
});

test("a pod that was never placed, or is over, goes at once; another has its grace", () => {
  const grace = (spec: object, requested?: number, status?: object) =>
    podKind.deletion.gracePeriodSeconds(pod(spec, status), requested);
  assert.equal(grace({}), 0);
  assert.equal(grace({ nodeName: "n1" }), 30);
  assert.equal(grace({ nodeName: "n1", terminationGracePeriodSeconds: 5 }), 5);
  assert.equal(grace({ nodeName: "n1" }, 7), 7);
  assert.equal(grace({ nodeName: "n1" }, 0), 0);
  assert.equal(grace({ nodeName: "n1" }, undefined, { phase: "Succeeded" }), 0);
});

const nowMs = Date.parse("2026-01-01T01:00:00Z");

function row(spec: object, status: object, metadata: object = {}): string[] {
  const object = pod(spec, status);
  Object.assign(object.metadata ?? {}, metadata);
  return podKind.columns.row(object, nowMs).slice(1, 5).map(String);
}

test("a row says what the pod does, or why it does not", () => {
  const running = { state: { running: {} }, ready: true, name: "web", restartCount: 0 };
  const crashed = {
    name: "web",
    ready: false,
    restartCount: 2,
    state: { waiting: { reason: "CrashLoopBackOff" } },
    lastState: { terminated: { exitCode: 1, finishedAt: "2026-01-01T00:55:00Z" } },
  };
  const ended = { name: "web", restartCount: 0, state: { terminated: { exitCode: 0, reason: "Completed" } } };
  const init = [{ name: "i", image: "i" }];
  const cases: [object, object, object, string[]][] = [
    [{}, { phase: "Pending" }, {}, ["0/1", "Pending", "0", "60m"]],
    [{}, { phase: "Running", containerStatuses: [running] }, {}, ["1/1", "Running", "0", "60m"]],
    [
      {},
      { phase: "Running", containerStatuses: [crashed] },
      {},
      ["0/1", "CrashLoopBackOff", "2 (5m ago)", "60m"],
    ],
    [{}, { phase: "Succeeded", containerStatuses: [ended] }, {}, ["0/1", "Completed", "0", "60m"]],
    [
      {},
      { phase: "Running", containerStatuses: [running] },
      { deletionTimestamp: "x" },
      ["1/1", "Terminating", "0", "60m"],
    ],
    [{}, { phase: "Failed", reason: "Evicted" }, {}, ["0/1", "Evicted", "0", "60m"]],
    [
      { initContainers: init },
      { phase: "Pending", initContainerStatuses: [{ name: "i", state: { running: {} } }] },
      {},
      ["0/1", "Init:0/1", "0", "60m"],
    ],
    [
      { initContainers: init },
      {
        phase: "Pending",
        initContainerStatuses: [{ name: "i", state: { waiting: { reason: "ImagePullBackOff" } } }],
      },
      {},
      ["0/1", "Init:ImagePullBackOff", "0", "60m"],
    ],
    [
      { initContainers: [{ ...init[0], restartPolicy: "Always" }] },
      {
        phase: "Running",
        initContainerStatuses: [{ name: "i", started: true, ready: true, state: { running: {} } }],
        containerStatuses: [running],
      },
      {},
      ["2/2", "Running", "0", "60m"],
    ],
  ];
  for (const [spec, status, metadata, expected] of cases)
    assert.deepEqual(row(spec, status, metadata), expected);
});

test("label keys of terms and spreads are written into their selectors when the pod is made", () => {
  const term = {
    topologyKey: "zone",
    labelSelector: { matchLabels: { app: "web" } },
    matchLabelKeys: ["version", "constructor"],
    mismatchLabelKeys: ["tenant"],
  };
  const spread = { topologyKey: "zone", maxSkew: 1, whenUnsatisfiable: "DoNotSchedule" };
  const object = pod({
    affinity: {
      podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [cloneJson(term)] },
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: cloneJson(term) }],
      },
    },
    topologySpreadConstraints: [{ ...spread, labelSelector: {}, matchLabelKeys: ["version"] }],
  });
  object.metadata = { ...object.metadata, labels: { version: "2", tenant: "x" } };
  podKind.defaults(object);
  podKind.prepareForCreate(object);
  const version = { key: "version", operator: "In", values: ["2"] };
  const written = [version, { key: "tenant", operator: "NotIn", values: ["x"] }];
  const { podAffinity, podAntiAffinity } = object.spec?.affinity ?? {};
  const [required] = podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const [preferred] = podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  assert.deepEqual(required?.labelSelector?.matchExpressions, written);
  assert.deepEqual(preferred?.podAffinityTerm.labelSelector?.matchExpressions, written);
  assert.deepEqual(object.spec?.topologySpreadConstraints?.[0]?.labelSelector?.matchExpressions, [version]);
  assert.deepEqual(podKind.validateCreate(object), []);
});

test("label keys without a selector, twice or on both sides are refused", () => {
  const at = "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]";
  const refused = (term: object) =>
    complaints({
      affinity: {
        podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "zone", ...term }] },
      },
    });
  assert.deepEqual(refused({ matchLabelKeys: ["a"] }), [
    `${at}.matchLabelKeys: Forbidden: must not be specified when labelSelector is not set`,
  ]);
  const twice = {
    labelSelector: { matchLabels: { a: "1" }, matchExpressions: [{ key: "a", operator: "Exists" }] },
  };
  assert.match(
    refused({ ...twice, matchLabelKeys: ["a"] })[0] ?? "",
    /exists in both matchLabelKeys and labelSelector/,
  );
  const both = { labelSelector: {}, matchLabelKeys: ["a"], mismatchLabelKeys: ["a"] };
  assert.match(refused(both)[0] ?? "", /exists in both matchLabelKeys and mismatchLabelKeys/);
});
