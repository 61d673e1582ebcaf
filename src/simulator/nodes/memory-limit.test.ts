import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container, PodSpec } from "#api";
import { memoryLimit } from "./memory-limit.ts";

const container = (memory?: string): Container => ({
  name: "c",
  ...(memory === undefined ? {} : { resources: { limits: { memory } } }),
});
const limit = (spec: PodSpec) => memoryLimit({ spec });

test("a pod has a limit where each container has one, or it as a whole", () => {
  const mebibyte = 2 ** 20;
  assert.equal(limit({ containers: [container("64Mi"), container("32Mi")] }), 96 * mebibyte);
  assert.equal(limit({ containers: [container(), container("25Mi")] }), undefined);
  const resources = { limits: { memory: "1Gi" } };
  assert.equal(limit({ containers: [container(), container("25Mi")], resources }), 1024 * mebibyte);
});
