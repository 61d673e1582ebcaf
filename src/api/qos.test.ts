import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container, Pod } from "./generated/types.ts";
import { podLimits, podRequests } from "./pod/resources.ts";
import { qosClassOf } from "./qos.ts";

type Lists = Container["resources"];

function pod(containers: Lists[], initContainers: Partial<Container>[] = []): Pod {
  return {
    spec: {
      containers: containers.map((resources, index) => ({
        name: `c${index}`,
        ...(resources ? { resources } : {}),
      })),
      initContainers: initContainers.map((container, index) => ({ name: `i${index}`, ...container })),
    },
  };
}

const both = { cpu: "1", memory: "1Gi" };

test("guaranteed is who limits everything and asks for as much", () => {
  assert.equal(qosClassOf(pod([{ limits: both, requests: both }])), "Guaranteed");
  assert.equal(qosClassOf(pod([{ limits: both }])), "Guaranteed");
  assert.equal(
    qosClassOf(pod([{ limits: both, requests: { cpu: "1000m", memory: "1024Mi" } }])),
    "Guaranteed",
  );
});

test("best effort is who asks for nothing, burstable the rest", () => {
  assert.equal(qosClassOf(pod([undefined, {}])), "BestEffort");
  assert.equal(qosClassOf(pod([{ requests: { cpu: "0" } }])), "BestEffort");
  assert.equal(qosClassOf(pod([{ limits: both }, {}])), "Burstable");
  assert.equal(qosClassOf(pod([{ limits: both, requests: { cpu: "500m" } }])), "Burstable");
  assert.equal(qosClassOf(pod([{ limits: both }], [{}])), "Burstable");
});

test("a pod asks for its containers together, or for its largest init container", () => {
  const requests = { cpu: "100m", memory: "64Mi" };
  assert.deepEqual(podRequests(pod([{ requests }, { requests }])), { cpu: 200, memory: 134_217_728 });
  const large = { resources: { requests: { cpu: "1" } } };
  assert.deepEqual(podRequests(pod([{ requests }], [large])), { cpu: 1000, memory: 67_108_864 });
});

test("sidecars count beside the containers, and beside the init containers after them", () => {
  const sidecar = { restartPolicy: "Always", resources: { requests: { cpu: "300m" } } };
  const init = { resources: { requests: { cpu: "500m" } } };
  const main = { requests: { cpu: "100m" } };
  assert.deepEqual(podRequests(pod([main], [sidecar, init])), { cpu: 800 });
  assert.deepEqual(podRequests(pod([main], [init, sidecar])), { cpu: 500 });
});

test("overhead is added to requests, and to limits that are there", () => {
  const object = pod([{ limits: { cpu: "1" } }]);
  if (object.spec) object.spec.overhead = { cpu: "100m", memory: "1Mi" };
  assert.deepEqual(podRequests(object), { cpu: 100, memory: 1_048_576 });
  assert.deepEqual(podLimits(object), { cpu: 1100 });
});
