import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container, Pod, Volume } from "#api";
import { must } from "#base";
import { exceededLimit, storageLimitsOf } from "./storage-limits.ts";

const mebibytes = (count: number) => count * 1024 * 1024;

function pod(containers: readonly Partial<Container>[], volumes: Volume[] = []): Pod {
  return {
    metadata: { name: "web", namespace: "default", uid: "u1" },
    spec: { containers: containers.map((one, index) => ({ name: `c${index}`, ...one })), volumes },
  };
}

const limited = (storage: string): Partial<Container> => ({
  resources: { limits: { "ephemeral-storage": storage } },
});
const volume = (name: string, emptyDir: object): Volume => ({ name, emptyDir });

/** What is said of a pod whose volumes and containers take so many MiB. */
function said(of: Pod, volumes: Record<string, number>, containers: Record<string, number>) {
  const sizes = (map: Record<string, number>) =>
    new Map(Object.entries(map).map(([name, count]) => [name, mebibytes(count)]));
  const limits = must(storageLimitsOf(of), "the pod has limits");
  return exceededLimit(limits, { volumes: sizes(volumes), containers: sizes(containers) });
}

test("most pods have no limit: those without one, with a zero, or with a volume in memory", () => {
  assert.equal(storageLimitsOf(pod([{}], [volume("v", {})])), undefined);
  assert.equal(storageLimitsOf(pod([limited("0")], [volume("v", { sizeLimit: "0" })])), undefined);
  assert.equal(storageLimitsOf(pod([{}], [volume("v", { medium: "Memory", sizeLimit: "1Mi" })])), undefined);
});

test("a volume, a pod and a container that take too much are told of in the kubelet's words", () => {
  const one = pod([limited("10Mi")], [volume("v", { sizeLimit: "1024Ki" })]);
  assert.equal(said(one, { v: 1 }, { c0: 1 }), undefined);
  assert.equal(said(one, { v: 2 }, { c0: 1 }), 'Usage of EmptyDir volume "v" exceeds the limit "1Mi".');
  assert.equal(
    said(pod([limited("10Mi")], [volume("v", {})]), { v: 8 }, { c0: 3 }),
    "Pod ephemeral local storage usage exceeds the total limit of containers 10Mi.",
  );
  assert.equal(
    said(pod([limited("2Mi"), limited("10Mi")]), {}, { c0: 3, c1: 1 }),
    'Container c0 exceeded its local ephemeral storage limit "2Mi".',
  );
});

test("what containers may take adds up, written as the first of them", () => {
  const two = pod([limited("512Mi"), limited("512Mi"), {}]);
  assert.equal(
    said(two, {}, { c0: 400, c1: 400, c2: 300 }),
    "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi.",
  );
  assert.equal(said(two, {}, { c0: 400, c1: 400, c2: 200 }), undefined);
});
