import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "#api";
import { Cluster } from "./framework/cluster.ts";
import { podOfScheduler } from "./pod-of-scheduler.ts";

const schedulers = new Set(["default-scheduler"]);

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
  const kept = podOfScheduler(pod, schedulers);
  const cluster = new Cluster();
  assert.equal(cluster.factsOf(kept).shape, cluster.factsOf(pod).shape);
  assert.deepEqual(kept.status?.conditions, pod.status?.conditions);
  assert.equal(kept.spec?.containers[0]?.image, "web:1");
});

test("what scheduling does not read is not kept", () => {
  const kept = JSON.stringify(podOfScheduler(pod, schedulers));
  for (const unread of ["checkout", "/usr/bin/web", "cache"]) assert.ok(!kept.includes(unread), unread);
});

test("of a pod that waits for another scheduler, or has ended, it is kept who it is", () => {
  const foreign = podOfScheduler(
    { ...pod, spec: { containers: [], ...pod.spec, schedulerName: "other" } },
    schedulers,
  );
  const ended = podOfScheduler({ ...pod, status: { phase: "Failed" } }, schedulers);
  for (const { metadata, spec } of [foreign, ended]) {
    assert.deepEqual(metadata, { name: "web", namespace: "shop", uid: "u", resourceVersion: "7" });
    assert.deepEqual(spec?.containers, []);
  }
  assert.equal(foreign.spec?.schedulerName, "other");
  assert.equal(ended.status?.phase, "Failed");
});

test("a pod on a node counts there, whoever put it there", () => {
  const spec = { containers: [], ...pod.spec, schedulerName: "other", nodeName: "n1" };
  const cluster = new Cluster();
  assert.equal(
    cluster.factsOf(podOfScheduler({ ...pod, spec }, schedulers)).shape,
    cluster.factsOf(pod).shape,
  );
});
