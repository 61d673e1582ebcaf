import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "#api";
import { factsOf } from "./framework/pod-facts.ts";
import { podOfScheduler } from "./pod-of-scheduler.ts";

const profile = { schedulerName: "default-scheduler" };

const pod: Pod = {
  metadata: {
    name: "web",
    namespace: "shop",
    uid: "u",
    resourceVersion: "7",
    annotations: { team: "checkout" },
  },
  spec: {
    containers: [
      {
        name: "web",
        image: "web:1",
        command: ["/usr/bin/web"],
        ports: [{ containerPort: 8080, hostPort: 80 }],
        resources: { requests: { cpu: "100m" } },
      },
    ],
    initContainers: [{ name: "proxy", restartPolicy: "Always", resources: { requests: { memory: "1Mi" } } }],
    priority: 5,
    volumes: [{ name: "cache", emptyDir: {} }],
  },
  status: { phase: "Pending", conditions: [{ type: "PodScheduled", status: "False" }] },
};

test("what is kept of a pod leads to the same facts", () => {
  const kept = podOfScheduler(pod, profile);
  const { pod: _, ...facts } = factsOf(pod);
  const { pod: __, ...factsOfKept } = factsOf(kept);
  assert.deepEqual(factsOfKept, facts);
  assert.deepEqual(kept.status?.conditions, pod.status?.conditions);
  assert.equal(kept.spec?.containers[0]?.image, "web:1");
});

test("what scheduling does not read is not kept", () => {
  const kept = JSON.stringify(podOfScheduler(pod, profile));
  for (const unread of ["checkout", "/usr/bin/web", "cache"]) assert.ok(!kept.includes(unread), unread);
});

test("of a pod that waits for another scheduler, or has ended, it is kept who it is", () => {
  const foreign = podOfScheduler(
    { ...pod, spec: { containers: [], ...pod.spec, schedulerName: "other" } },
    profile,
  );
  const ended = podOfScheduler({ ...pod, status: { phase: "Failed" } }, profile);
  for (const { metadata, spec } of [foreign, ended]) {
    assert.deepEqual(metadata, { name: "web", namespace: "shop", uid: "u", resourceVersion: "7" });
    assert.deepEqual(spec?.containers, []);
  }
  assert.equal(foreign.spec?.schedulerName, "other");
  assert.equal(ended.status?.phase, "Failed");
});

test("a pod on a node counts there, whoever put it there", () => {
  const spec = { containers: [], ...pod.spec, schedulerName: "other", nodeName: "n1" };
  assert.deepEqual(factsOf(podOfScheduler({ ...pod, spec }, profile)).requests, factsOf(pod).requests);
});
