import assert from "node:assert/strict";
import { test } from "node:test";
import type { Deployment } from "#api";
import { stillMoving } from "./still-moving.ts";

test("a deployment whose pods cannot be created moves, and why stands beside it", () => {
  const message = 'pods "web-1" is forbidden: no PriorityClass with name gold was found';
  const web = {
    metadata: { name: "web", namespace: "shop", generation: 1 },
    spec: { replicas: 2 },
    status: {
      observedGeneration: 1,
      conditions: [{ type: "ReplicaFailure", status: "True", reason: "FailedCreate", message }],
    },
  } as Deployment;
  assert.deepEqual(
    stillMoving(
      { nodes: [], deployments: [web], statefulSets: [], jobs: [], pods: [] },
      { lost: new Set(), rests: "what can" },
    ),
    [`deployment shop/web: 0 of 2 pods are up to date, 0 available; a pod cannot be created: ${message}`],
  );
});
