import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../generated/types.ts";
import { compareForDeletion, podDeletionCostAnnotation } from "./deletion-order.ts";

const nowMs = Date.parse("2026-01-02T00:00:00Z");

interface Sketch {
  readonly node?: string;
  readonly phase?: string;
  readonly readySince?: string;
  readonly cost?: string;
  readonly created?: string;
  readonly restarts?: number;
}

function pod(
  name: string,
  { node = "n1", phase = "Running", readySince, cost, created, restarts = 0 }: Sketch,
): Pod {
  return {
    metadata: {
      name,
      uid: name,
      creationTimestamp: created ?? "2026-01-01T00:00:00Z",
      ...(cost === undefined ? {} : { annotations: { [podDeletionCostAnnotation]: cost } }),
    },
    spec: { containers: [], ...(node ? { nodeName: node } : {}) },
    status: {
      phase,
      containerStatuses: [{ name: "c", image: "", imageID: "", ready: true, restartCount: restarts }],
      ...(readySince
        ? { conditions: [{ type: "Ready", status: "True", lastTransitionTime: readySince }] }
        : {}),
    },
  };
}

test("the least useful pod goes first", () => {
  const ready = "2026-01-01T00:00:00Z";
  const pods = [
    pod("steady", { readySince: ready }),
    pod("restarted", { readySince: ready, restarts: 3 }),
    pod("newly-ready", { readySince: "2026-01-01T23:59:00Z" }),
    pod("crowded", { node: "n2", readySince: ready }),
    pod("cheap", { readySince: ready, cost: "-5" }),
    pod("not-ready", {}),
    pod("pending", { phase: "Pending" }),
    pod("unplaced", { node: "", phase: "Pending" }),
  ];
  const siblings = (each: Pod) => (each.spec?.nodeName === "n2" ? 4 : 2);
  const order = pods
    .sort((a, b) => compareForDeletion(a, b, siblings, nowMs))
    .map((each) => each.metadata?.name);
  assert.deepEqual(order, [
    "unplaced",
    "pending",
    "not-ready",
    "cheap",
    "crowded",
    "newly-ready",
    "restarted",
    "steady",
  ]);
});

test("the order is one: whoever goes before another never goes after it", () => {
  const a = pod("a", { created: "2026-01-01T10:00:00Z" });
  const b = pod("b", { created: "2026-01-01T10:00:01Z" });
  const one = () => 1;
  assert.equal(
    Math.sign(compareForDeletion(a, b, one, nowMs)),
    -Math.sign(compareForDeletion(b, a, one, nowMs)),
  );
});
