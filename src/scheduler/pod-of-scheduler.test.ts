import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "#api";
import { SharedParts } from "#client";
import { Cluster } from "./framework/cluster.ts";
import { podOfScheduler } from "./pod-of-scheduler.ts";

const options = { schedulers: new Set(["default-scheduler"]), shared: new SharedParts() };

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
  const kept = podOfScheduler(pod, options);
  const cluster = new Cluster();
  assert.equal(cluster.factsOf(kept).shape, cluster.factsOf(pod).shape);
  assert.deepEqual(kept.status?.conditions, pod.status?.conditions);
  assert.equal(kept.spec?.containers[0]?.image, "web:1");
});

test("what scheduling does not read is not kept", () => {
  const kept = JSON.stringify(podOfScheduler(pod, options));
  for (const unread of ["checkout", "/usr/bin/web", "cache"]) assert.ok(!kept.includes(unread), unread);
});

test("of a pod that waits for another scheduler, or has ended, it is kept who it is", () => {
  const foreign = podOfScheduler(
    { ...pod, spec: { containers: [], ...pod.spec, schedulerName: "other" } },
    options,
  );
  const ended = podOfScheduler({ ...pod, status: { phase: "Failed" } }, options);
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
  assert.equal(cluster.factsOf(podOfScheduler({ ...pod, spec }, options)).shape, cluster.factsOf(pod).shape);
});

test("equal pods share what is kept of them, wherever they are", () => {
  const onNode = (name: string): Pod => {
    const copy = structuredClone(pod);
    return {
      ...copy,
      metadata: { ...copy.metadata, name },
      spec: { containers: [], ...copy.spec, nodeName: name },
    };
  };
  const [a, b] = [podOfScheduler(onNode("a"), options), podOfScheduler(onNode("b"), options)];
  assert.equal(a.spec?.containers, b.spec?.containers);
  assert.equal(a.spec?.initContainers, b.spec?.initContainers);
  assert.deepEqual([a.spec?.nodeName, b.spec?.nodeName], ["a", "b"]);
});
