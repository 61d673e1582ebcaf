import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container, Pod, ResourceRequirements } from "../../generated/types.ts";
import { cloneJson } from "../../json.ts";
import { podLimits, podRequests } from "../../pod/resources.ts";
import { podKind } from "./pod.ts";

function pod(resources: ResourceRequirements | undefined, ...containers: ResourceRequirements[]): Pod {
  const object: Pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "shop", creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: {
      containers: containers.map(
        (each, at): Container => ({ name: `c${at}`, image: "c:1", resources: each }),
      ),
      ...(resources ? { resources } : {}),
    },
  };
  podKind.defaults(object);
  podKind.prepareForCreate(object);
  return object;
}

const completed = (...all: Parameters<typeof pod>) => pod(...all).spec?.resources;
const said = (causes: ReturnType<typeof podKind.validateCreate>) =>
  causes.map(({ field, message }) => `${field}: ${message}`);
const complaints = (...all: Parameters<typeof pod>) => said(podKind.validateCreate(pod(...all)));

test("a pod that is limited as a whole asks for its limits when no container asks for anything", () => {
  const limits = { cpu: "1", memory: "1Gi" };
  assert.deepEqual(completed({ limits }, {}), { limits, requests: limits });
  assert.deepEqual(completed({ limits, requests: { cpu: "500m" } }, {}), {
    limits,
    requests: { cpu: "500m", memory: "1Gi" },
  });
});

test("a pod that is limited as a whole asks for what its containers ask for together", () => {
  const limits = { cpu: "1", memory: "1Gi" };
  const containers = [{ requests: { cpu: "100m", memory: "64Mi" } }, { limits: { cpu: "200m" } }];
  const object = pod({ limits }, ...containers);
  assert.deepEqual(object.spec?.resources, { limits, requests: { cpu: "300m", memory: "64Mi" } });
  assert.deepEqual(podRequests(object), { cpu: 300, memory: 64 * 2 ** 20 });
  assert.deepEqual(podLimits(object), { cpu: 1000, memory: 2 ** 30 });
  assert.deepEqual(podKind.validateCreate(object), []);
});

test("a pod that only asks as a whole is not limited, nor asks for more than it says", () => {
  const requests = { cpu: "1" };
  assert.deepEqual(completed({ requests }, { requests: { memory: "1Mi" } }), { requests });
  assert.deepEqual(completed({}, { limits: { cpu: "1" } }), {});
});

test("huge pages of the containers are the pod's, limit and request alike", () => {
  const pages = { "hugepages-2Mi": "4Mi" };
  assert.deepEqual(completed({ limits: { cpu: "1" } }, { limits: { ...pages, cpu: "1" } }), {
    limits: { cpu: "1", ...pages },
    requests: { cpu: "1", ...pages },
  });
});

test("a pod as a whole names cpu, memory and huge pages, and holds its containers", () => {
  assert.deepEqual(complaints({ limits: { "ephemeral-storage": "1Gi", cpu: "1" } }, {}), [
    'spec.resources.limits[ephemeral-storage]: Unsupported value: "ephemeral-storage": supported values: "cpu", "hugepages-", "memory"',
  ]);
  assert.deepEqual(complaints({ requests: { cpu: "2" }, limits: { cpu: "1" } }, {}), [
    'spec.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
  ]);
  const halves = { requests: { cpu: "500m" } };
  assert.deepEqual(complaints({ requests: { cpu: "900m" } }, halves, halves), [
    'spec.resources.requests[cpu]: Invalid value: "900m": must be greater than or equal to aggregate container requests of 1',
  ]);
  assert.deepEqual(complaints({ limits: { cpu: "1" } }, { requests: { cpu: "1" }, limits: { cpu: "2" } }), [
    'spec.containers[0].resources.limits[cpu]: Invalid value: "2": must be less than or equal to pod limits of 1',
  ]);
  const claims = [{ name: "gpu" }];
  assert.deepEqual(complaints({ claims }, {}), [
    "spec.resources.claims: Forbidden: claims may not be set for Resources at pod-level",
  ]);
});

test("devices come whole, and as many as they are limited to", () => {
  const at = "spec.containers[0].resources";
  const gpu = "example.com/gpu";
  assert.deepEqual(complaints(undefined, { limits: { [gpu]: "2" } }), []);
  assert.deepEqual(complaints(undefined, { limits: { [gpu]: "1500m" } }), [
    `${at}.limits[${gpu}]: Invalid value: "1500m": must be an integer`,
    `${at}.requests[${gpu}]: Invalid value: "1500m": must be an integer`,
  ]);
  assert.deepEqual(complaints(undefined, { limits: { [gpu]: "2" }, requests: { [gpu]: "1" } }), [
    `${at}.requests: Invalid value: "1": must be equal to ${gpu} limit of 2`,
  ]);
  assert.deepEqual(complaints(undefined, { requests: { [gpu]: "1" } }), [
    `${at}.limits: Required value: Limit must be set for non overcommitable resources`,
  ]);
});

test("huge pages come in their size, and beside cpu or memory", () => {
  const at = "spec.containers[0].resources";
  const cpu = { cpu: "1" };
  assert.deepEqual(complaints(undefined, { limits: { ...cpu, "hugepages-2Mi": "4Mi" } }), []);
  assert.deepEqual(complaints(undefined, { limits: { "hugepages-2Mi": "4Mi" } }), [
    `${at}: Forbidden: HugePages require cpu or memory`,
  ]);
  assert.deepEqual(
    complaints(undefined, { limits: { ...cpu, "hugepages-2Mi": "3Mi" } })[0],
    `${at}.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`,
  );
  assert.deepEqual(complaints(undefined, { requests: { ...cpu, "hugepages-2Mi": "2Mi" } }), [
    `${at}.limits: Required value: Limit must be set for non overcommitable resources`,
  ]);
});

test("a resource without a domain is one of Kubernetes', and one with a domain is named as devices are", () => {
  const refused = (name: string) => complaints(undefined, { limits: { [name]: "1" } })[0] ?? "";
  assert.match(refused("gpu"), /must be a standard resource type or fully qualified/);
  assert.match(refused("pods"), /must be a standard resource for containers/);
  assert.match(refused("requests.example.com/gpu"), /doesn't follow extended resource name standard/);
});

test("a pod that was stored before a rule was made can still be changed, and by nothing that breaks it anew", () => {
  const old = pod(undefined, { requests: { "example.com/gpu": "1" } });
  const labelled = cloneJson(old);
  labelled.metadata = { ...labelled.metadata, labels: { a: "b" }, finalizers: [] };
  assert.deepEqual(podKind.validateUpdate(labelled, old), []);
  const part = podKind.subresources.ephemeralcontainers;
  assert.ok(part?.type === "part");
  assert.deepEqual(part.validateUpdate(labelled, old), []);
  const broken = cloneJson(labelled);
  if (broken.spec?.containers[0]) broken.spec.containers[0].image = " web";
  assert.deepEqual(said(podKind.validateUpdate(broken, old)), [
    'spec.containers[0].image: Invalid value: " web": must not have leading or trailing whitespace',
  ]);
});
