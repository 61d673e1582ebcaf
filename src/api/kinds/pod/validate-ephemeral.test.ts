import assert from "node:assert/strict";
import { test } from "node:test";
import type { EphemeralContainer, Pod } from "../../generated/types.ts";
import { cloneJson } from "../../json.ts";
import { podKind } from "./pod.ts";

const part = podKind.subresources?.ephemeralcontainers;

/** A pod with a volume and two containers, and those that were added to it. */
function pod(...ephemeralContainers: EphemeralContainer[]): Pod {
  const object: Pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "shop", creationTimestamp: "2026-01-01T00:00:00Z", generation: 1 },
    spec: {
      initContainers: [{ name: "first", image: "web:1" }],
      containers: [{ name: "web", image: "web:1" }],
      volumes: [{ name: "v", emptyDir: {} }],
      ...(ephemeralContainers.length > 0 ? { ephemeralContainers } : {}),
    },
  };
  podKind.defaults(object);
  return object;
}

/** The pod after the subresource was written, with what is said against it. */
function added(old: Pod, ...ephemeralContainers: EphemeralContainer[]) {
  assert.ok(part?.type === "part");
  const object = cloneJson(old);
  object.spec = { containers: [], ephemeralContainers };
  part.prepareForUpdate(object, old);
  const complaints = part.validateUpdate(object, old).map(({ field, message }) => `${field}: ${message}`);
  return { object, complaints };
}

const debug: EphemeralContainer = { name: "debug", image: "busybox", targetContainerName: "web" };

test("a container is added to a pod, completed, and nothing else of the pod changes", () => {
  const old = pod();
  const { object, complaints } = added(old, debug);
  assert.deepEqual(complaints, []);
  assert.deepEqual(object.spec?.containers, old.spec?.containers);
  assert.equal(object.metadata?.generation, 2);
  assert.deepEqual(object.spec?.ephemeralContainers, [
    {
      ...debug,
      imagePullPolicy: "Always",
      terminationMessagePath: "/dev/termination-log",
      terminationMessagePolicy: "File",
      resources: {},
    },
  ]);
});

test("what was added stays as it is", () => {
  const old = pod(debug);
  const same = old.spec?.ephemeralContainers ?? [];
  assert.deepEqual(added(old, ...same, { name: "more", image: "busybox" }).complaints, []);
  assert.deepEqual(added(old).complaints, [
    'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n',
  ]);
  assert.deepEqual(added(old, { ...debug, image: "other" }).complaints, [
    'spec.ephemeralContainers[0]: Forbidden: existing ephemeral containers "debug" may not be changed\n',
  ]);
});

test("names are unique in the pod, a target is one of its containers", () => {
  assert.deepEqual(added(pod(), { name: "web", image: "x" }, { name: "first", image: "x" }).complaints, [
    'spec.ephemeralContainers[0].name: Duplicate value: "web"',
    'spec.ephemeralContainers[1].name: Duplicate value: "first"',
  ]);
  assert.deepEqual(added(pod(), { ...debug, targetContainerName: "nobody" }).complaints, [
    'spec.ephemeralContainers[0].targetContainerName: Not found: "nobody"',
  ]);
});

test("what a container promises to others, this one must not", () => {
  const probe = { exec: { command: ["true"] } };
  const promising: EphemeralContainer = {
    name: "debug",
    image: "busybox",
    ports: [{ containerPort: 80 }],
    livenessProbe: probe,
    readinessProbe: probe,
    startupProbe: probe,
    lifecycle: { preStop: probe },
    resources: { limits: { cpu: "1" } },
    restartPolicy: "Always",
    volumeMounts: [{ name: "v", mountPath: "/v", subPath: "x" }],
  };
  const { complaints } = added(pod(), promising);
  assert.deepEqual(complaints.map((line) => line.split(": ")[0]).sort(), [
    "spec.ephemeralContainers[0].lifecycle",
    "spec.ephemeralContainers[0].livenessProbe",
    "spec.ephemeralContainers[0].ports",
    "spec.ephemeralContainers[0].readinessProbe",
    "spec.ephemeralContainers[0].resources",
    "spec.ephemeralContainers[0].restartPolicy",
    "spec.ephemeralContainers[0].startupProbe",
    "spec.ephemeralContainers[0].volumeMounts[0].subPath",
  ]);
  for (const line of complaints) assert.match(line, /Forbidden: cannot be set for an Ephemeral Container$/);
});

test("they are added to pods that are there, and only through their subresource", () => {
  const born = pod(debug);
  podKind.prepareForCreate(born);
  assert.match(
    podKind
      .validateCreate(born)
      .map((one) => one.message)
      .join(),
    /cannot be set on create/,
  );
  const old = pod();
  const changed = pod(debug);
  podKind.prepareForUpdate(changed, old);
  assert.match(
    podKind
      .validateUpdate(changed, old)
      .map((one) => one.message)
      .join(),
    /ephemeralContainers/,
  );
});
