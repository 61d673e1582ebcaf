import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "#api";
import { podOfControllers } from "./pod-of-controllers.ts";

test("of a pod is kept what some controller reads", () => {
  const pod: Pod = {
    metadata: { name: "web", namespace: "shop", uid: "u", labels: { app: "web" } },
    spec: {
      nodeName: "n1",
      hostname: "web-0",
      containers: [{ name: "web", image: "web:1", ports: [{ name: "http", containerPort: 8080 }] }],
      initContainers: [{ name: "proxy", image: "proxy:1", restartPolicy: "Always" }],
      tolerations: [{ key: "slow", operator: "Exists" }],
      volumes: [
        { name: "cache", emptyDir: {} },
        { name: "disk", persistentVolumeClaim: { claimName: "disk" } },
      ],
    },
    status: {
      phase: "Running",
      podIP: "10.244.0.7",
      podIPs: [{ ip: "10.244.0.7" }],
      qosClass: "BestEffort",
      conditions: [{ type: "Ready", status: "True" }],
      containerStatuses: [{ name: "web", image: "web:1", imageID: "sha256:1", ready: true, restartCount: 3 }],
      initContainerStatuses: [
        {
          name: "proxy",
          image: "proxy:1",
          imageID: "sha256:2",
          ready: false,
          restartCount: 0,
          state: { terminated: { exitCode: 1, finishedAt: "2026-01-01T00:00:00Z", message: "long" } },
        },
      ],
    },
  };
  assert.deepEqual(podOfControllers(pod), {
    metadata: { name: "web", namespace: "shop", uid: "u", labels: { app: "web" } },
    spec: {
      nodeName: "n1",
      hostname: "web-0",
      containers: [{ name: "web", ports: [{ name: "http", containerPort: 8080 }] }],
      initContainers: [{ name: "proxy", restartPolicy: "Always" }],
      tolerations: [{ key: "slow", operator: "Exists" }],
      volumes: [{ name: "disk", persistentVolumeClaim: { claimName: "disk" } }],
    },
    status: {
      phase: "Running",
      podIP: "10.244.0.7",
      conditions: [{ type: "Ready", status: "True" }],
      containerStatuses: [{ name: "web", image: "", imageID: "", ready: true, restartCount: 3 }],
      initContainerStatuses: [
        {
          name: "proxy",
          image: "",
          imageID: "",
          ready: false,
          restartCount: 0,
          state: { terminated: { exitCode: 1, finishedAt: "2026-01-01T00:00:00Z" } },
        },
      ],
    },
  });
});

test("addresses of a pod are kept where it has more than one", () => {
  const podIPs = [{ ip: "10.244.0.7" }, { ip: "fd00::7" }];
  const pod: Pod = { spec: { containers: [] }, status: { podIP: "10.244.0.7", podIPs } };
  assert.deepEqual(podOfControllers(pod).status, { podIP: "10.244.0.7", podIPs });
});
