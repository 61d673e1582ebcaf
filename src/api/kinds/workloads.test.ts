import assert from "node:assert/strict";
import { test } from "node:test";
import { must } from "#base";
import type { CronJob, DaemonSet, Deployment, Job, Scale, StatefulSet } from "../generated/types.ts";
import { cloneJson } from "../json.ts";
import { schemaOf } from "../schema/built-in.ts";
import { applyStaticDefaults } from "../schema/defaults.ts";
import { cronJobKind } from "./cron-job.ts";
import { daemonSetKind } from "./daemon-set.ts";
import { deploymentKind } from "./deployment.ts";
import { jobKind } from "./job.ts";
import { statefulSetKind } from "./stateful-set.ts";

function deployment(spec: object = {}): Deployment {
  const object: Deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "shop", uid: "u" },
    spec: {
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: { containers: [{ name: "web", image: "web:1" }] },
      },
      ...spec,
    },
  };
  deploymentKind.defaults(object);
  deploymentKind.prepareForCreate(object);
  return object;
}

function complaints(spec: object): string[] {
  return deploymentKind.validateCreate(deployment(spec)).map(({ field, message }) => `${field}: ${message}`);
}

test("a deployment is completed as Kubernetes completes it", () => {
  const { template: _, selector: __, ...spec } = deployment().spec ?? { template: {}, selector: {} };
  assert.deepEqual(spec, {
    replicas: 1,
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  });
});

test("empty strings of a workload are completed like missing ones", () => {
  const { selector, template, ...spec } = deployment({ strategy: { type: "" } }).spec ?? {};
  assert.deepEqual(
    spec,
    (({ selector: _, template: __, ...rest }) => rest)(deployment().spec ?? ({} as never)),
  );
  const metadata = { name: "db", namespace: "shop", uid: "u" };
  const set = {
    metadata,
    spec: {
      selector,
      template,
      podManagementPolicy: "",
      updateStrategy: { type: "" },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "", whenScaled: "" },
    },
  } as StatefulSet;
  statefulSetKind.defaults(set);
  assert.deepEqual(statefulSetKind.validateCreate(set), []);
  const daemons = { metadata, spec: { selector, template, updateStrategy: { type: "" } } } as DaemonSet;
  daemonSetKind.defaults(daemons);
  assert.deepEqual(daemonSetKind.validateCreate(daemons), []);
  const once = { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "c:1" }] } };
  const ticks = { schedule: "* * * * *", concurrencyPolicy: "", jobTemplate: { spec: { template: once } } };
  const cron = { metadata, spec: ticks } as CronJob;
  cronJobKind.defaults(cron);
  assert.deepEqual(cronJobKind.validateCreate(cron), []);
});

test("what is wrong with a deployment is named by its field", () => {
  assert.deepEqual(complaints({}), []);
  assert.deepEqual(complaints({ replicas: -1 }), [
    "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
  ]);
  assert.deepEqual(complaints({ selector: { matchLabels: { app: "other" } } }), [
    'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
  ]);
  assert.deepEqual(complaints({ selector: undefined }), ["spec.selector: Required value"]);
  const never = { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: "0%" } };
  assert.deepEqual(complaints({ strategy: never }), [
    "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0",
  ]);
});

test("a template that was stored before a rule was made does not keep a workload from changing, until it changes itself", () => {
  const template = (image: string) => ({
    metadata: { labels: { app: "web" } },
    spec: {
      containers: [{ name: "web", image, resources: { requests: { "example.com/gpu": "1" } } }],
    },
  });
  const old = deployment({ template: template("web:1") });
  const scaled = deployment({ template: template("web:1"), replicas: 5 });
  assert.deepEqual(deploymentKind.validateUpdate(scaled, old), []);
  const rolled = deployment({ template: template("web:2") });
  assert.match(
    deploymentKind.validateUpdate(rolled, old)[0]?.message ?? "",
    /Limit must be set for non overcommitable resources/,
  );
});

test("the selector stays as it is", () => {
  const old = deployment();
  const changed = cloneJson(old);
  if (changed.spec) changed.spec.selector = { matchLabels: { app: "web", tier: "x" } };
  const fields = deploymentKind.validateUpdate(changed, old).map(({ field }) => field);
  assert.deepEqual(fields, ["spec.template.metadata.labels", "spec.selector"]);
});

test("a scale reads and writes the number of replicas, and counts the generation", () => {
  const scale = deploymentKind.subresources.scale;
  assert.ok(scale?.type === "view");
  const object = deployment({ replicas: 2 });
  const view = scale.read(object) as Scale;
  assert.deepEqual(view.spec, { replicas: 2 });
  assert.equal(view.status?.selector, "app=web");
  scale.write({ ...view, spec: { replicas: 5 } } as Scale, object);
  assert.equal(object.spec?.replicas, 5);
  assert.equal(object.metadata?.generation, 2);
  scale.write({ ...view, spec: { replicas: 5 } } as Scale, object);
  assert.equal(object.metadata?.generation, 2, "the same size is no change");
  assert.equal(scale.validate({ spec: { replicas: -1 } } as Scale)[0]?.field, "spec.replicas");
});

test("what is wrong with a stateful set is named by its field", () => {
  const complaintsOf = (spec: object) => {
    const { selector, template } = deployment().spec ?? {};
    const object = {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: { name: "db", namespace: "shop", uid: "u" },
      spec: { selector, template, ...spec },
    } as StatefulSet;
    statefulSetKind.defaults(object);
    return statefulSetKind.validateCreate(object).map(({ field, message }) => `${field}: ${message}`);
  };
  assert.deepEqual(complaintsOf({}), []);
  const rolling = (rollingUpdate: object, type = "RollingUpdate") => ({
    updateStrategy: { type, rollingUpdate },
  });
  assert.deepEqual(complaintsOf(rolling({ partition: -1 })), [
    "spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0",
  ]);
  assert.deepEqual(complaintsOf(rolling({ maxUnavailable: 0 })), [
    "spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: 0: cannot be 0",
  ]);
  assert.deepEqual(complaintsOf(rolling({ partition: 1 }, "OnDelete")), [
    "spec.updateStrategy.rollingUpdate: Invalid value: {\"partition\":1}: only allowed for updateStrategy 'RollingUpdate'",
  ]);
  assert.deepEqual(complaintsOf({ persistentVolumeClaimRetentionPolicy: { whenDeleted: "Maybe" } }), [
    'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Maybe": supported values: "Retain", "Delete"',
  ]);
});

test("what is wrong with a job is named by its field", () => {
  const complaintsOf = (spec: object, restartPolicy = "Never") => {
    const template = { spec: { restartPolicy, containers: [{ name: "c", image: "c:1" }] } };
    const metadata = { name: "pi", namespace: "shop", uid: "u" };
    const object = { apiVersion: "batch/v1", kind: "Job", metadata, spec: { template, ...spec } } as Job;
    jobKind.defaults(object);
    jobKind.prepareForCreate(object);
    return jobKind.validateCreate(object).map(({ field, message }) => `${field}: ${message}`);
  };
  assert.deepEqual(complaintsOf({}), []);
  assert.deepEqual(complaintsOf({ completionMode: "Indexed", parallelism: 2 }), [
    "spec.completions: Required value: when completion mode is Indexed",
  ]);
  assert.deepEqual(complaintsOf({ backoffLimitPerIndex: 1 }), [
    "spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode",
  ]);
  const onExitCodes = { operator: "In", values: [0], containerName: "x" };
  const podFailurePolicy = { rules: [{ action: "FailIndex", onExitCodes }] };
  assert.deepEqual(
    complaintsOf({ podFailurePolicy, podReplacementPolicy: "TerminatingOrFailed" }, "OnFailure").map(
      (line) => line.split(": ")[0],
    ),
    [
      "spec.podReplacementPolicy",
      "spec.template.spec.restartPolicy",
      "spec.podFailurePolicy.rules[0].action",
      "spec.podFailurePolicy.rules[0].onExitCodes.containerName",
      "spec.podFailurePolicy.rules[0].onExitCodes.values[0]",
    ],
  );
  const successPolicy = { rules: [{ succeededCount: 9, succeededIndexes: "a" }, {}] };
  assert.deepEqual(
    complaintsOf({ completionMode: "Indexed", completions: 3, successPolicy }).map(
      (line) => line.split(": ")[0],
    ),
    [
      "spec.successPolicy.rules[0].succeededIndexes",
      "spec.successPolicy.rules[0].succeededCount",
      "spec.successPolicy.rules[1]",
    ],
  );
});

test("a job can succeed by indexes that it has, named in order", () => {
  const refused = (succeededIndexes: string, succeededCount?: number) => {
    const rule = { succeededIndexes, ...(succeededCount === undefined ? {} : { succeededCount }) };
    const template = { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "c:1" }] } };
    const own = { completionMode: "Indexed", completions: 5, successPolicy: { rules: [rule] } };
    const metadata = { name: "pi", namespace: "shop", uid: "u" };
    const job = { metadata, spec: { template, ...own } } as unknown as Job;
    jobKind.defaults(job);
    jobKind.prepareForCreate(job);
    return jobKind
      .validateCreate(job)
      .map(({ message }) => message?.split("succeededIndexes: ")[1] ?? message);
  };
  assert.deepEqual(refused("0,2-4", 4), []);
  assert.deepEqual(refused("0,2-5"), ['too large index: "5"']);
  assert.deepEqual(refused("7"), ['too large index: "7"']);
  assert.deepEqual(refused("2,1"), ["non-increasing order, previous: 2, current: 1"]);
  assert.deepEqual(refused("3-1"), ["non-increasing order, previous: 3, current: 1"]);
  assert.match(refused("0-1-2")[0] ?? "", /at most two parts/);
  assert.deepEqual(refused("0-1", 3), [
    "Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)",
  ]);
});

test("a condition of a job's failure policy means that it holds, unless it says otherwise", () => {
  const rules = [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget" }] }];
  const template = { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "c:1" }] } };
  const job = {
    metadata: { name: "pi", namespace: "shop", uid: "u" },
    spec: { template, podFailurePolicy: { rules } },
  } as unknown as Job;
  applyStaticDefaults(job, must(schemaOf(jobKind.resource), "jobs have a schema"));
  jobKind.defaults(job);
  jobKind.prepareForCreate(job);
  assert.deepEqual(job.spec?.podFailurePolicy?.rules[0]?.onPodConditions, [
    { type: "DisruptionTarget", status: "True" },
  ]);
  assert.deepEqual(jobKind.validateCreate(job), []);
});

test("a daemon set may surge or take away, not both, and not neither", () => {
  const complaintsOf = (rollingUpdate: object) => {
    const { selector, template } = deployment().spec ?? {};
    const metadata = { name: "log", namespace: "shop", uid: "u" };
    const spec = { selector, template, updateStrategy: { type: "RollingUpdate", rollingUpdate } };
    const object = { apiVersion: "apps/v1", kind: "DaemonSet", metadata, spec } as DaemonSet;
    daemonSetKind.defaults(object);
    return daemonSetKind.validateCreate(object).map(({ message }) => message);
  };
  assert.deepEqual(complaintsOf({}), []);
  assert.deepEqual(complaintsOf({ maxSurge: "10%", maxUnavailable: 0 }), []);
  assert.deepEqual(complaintsOf({ maxSurge: 1 }), [
    "Invalid value: 1: may not be set when maxUnavailable is non-zero",
  ]);
  assert.deepEqual(complaintsOf({ maxUnavailable: 0 }), ["Required value: cannot be 0 when maxSurge is 0"]);
});

test("what is wrong with a cron job is named by its field, that of its jobs, too", () => {
  const complaintsOf = (spec: object) => {
    const template = { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "c:1" }] } };
    const metadata = { name: "tick", namespace: "shop", uid: "u" };
    const own = { schedule: "* * * * *", jobTemplate: { spec: { template } }, ...spec };
    const object = { apiVersion: "batch/v1", kind: "CronJob", metadata, spec: own } as CronJob;
    cronJobKind.defaults(object);
    return cronJobKind.validateCreate(object).map(({ field, message }) => `${field}: ${message}`);
  };
  assert.deepEqual(complaintsOf({}), []);
  assert.deepEqual(complaintsOf({ schedule: "0 25 * * *", timeZone: "Moon/Sea" }), [
    'spec.schedule: Invalid value: "0 25 * * *": end of range (25) above maximum (23): 25',
    'spec.timeZone: Invalid value: "Moon/Sea": unknown time zone Moon/Sea',
  ]);
  assert.deepEqual(complaintsOf({ jobTemplate: { spec: { parallelism: -1 } } }), [
    "spec.jobTemplate.spec.parallelism: Invalid value: -1: must be greater than or equal to 0",
    "spec.jobTemplate.spec.template: Required value",
  ]);
});

test("containers of a stateful set mount what its claim templates bring", () => {
  const set = (mounted: string): StatefulSet => {
    const container = { name: "db", image: "db:1", volumeMounts: [{ name: mounted, mountPath: "/data" }] };
    const object: StatefulSet = {
      metadata: { name: "db", namespace: "shop", uid: "u" },
      spec: {
        serviceName: "db",
        selector: { matchLabels: { app: "db" } },
        template: { metadata: { labels: { app: "db" } }, spec: { containers: [container] } },
        volumeClaimTemplates: [{ metadata: { name: "data" } }],
      },
    };
    statefulSetKind.defaults(object);
    return object;
  };
  assert.deepEqual(statefulSetKind.validateCreate(set("data")), []);
  assert.deepEqual(
    statefulSetKind.validateCreate(set("other")).map(({ field }) => field),
    ["spec.template.spec.containers[0].volumeMounts[0].name"],
  );
});
