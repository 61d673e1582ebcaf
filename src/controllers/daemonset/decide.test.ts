import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ControllerRevision, DaemonSet, DaemonSetSpec, Node, Pod, PodSpec, Taint } from "#api";
import { podOfControllers } from "../shared/pod-of-controllers.ts";
import { type DaemonSetPlan, decide } from "./decide.ts";
import { newPod } from "./new-pod.ts";

const nowMs = Date.UTC(2026, 0, 1);
const agoMs = (ms: number) => `${new Date(nowMs - ms).toISOString().slice(0, 19)}Z`;

function setOf(spec: Partial<DaemonSetSpec> = {}, pod: Partial<PodSpec> = {}): DaemonSet {
  return {
    metadata: { name: "log", namespace: "shop", uid: "set", generation: 2 },
    spec: {
      selector: { matchLabels: { app: "log" } },
      template: { metadata: { labels: { app: "log" } }, spec: { containers: [], ...pod } },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      ...spec,
    },
  };
}

const rolling = (rollingUpdate: object): Partial<DaemonSetSpec> => ({
  updateStrategy: { type: "RollingUpdate", rollingUpdate },
});

function revisionOf(set: DaemonSet, hash: string): ControllerRevision {
  const labels = { "controller.kubernetes.io/hash": hash };
  return {
    metadata: { name: `log-${hash}`, labels },
    revision: 1,
    data: { spec: { template: set.spec?.template } },
  };
}

function node(name: string, taints: Taint[] = [], labels: Record<string, string> = {}): Node {
  return { metadata: { name, labels }, spec: { taints } };
}

interface PodTraits {
  of?: "old" | "new";
  state?: "waiting" | "unready" | "ready" | "failed" | "ended";
  leaving?: boolean;
  ageMs?: number;
  endedMsAgo?: number;
}

let made = 0;

function pod(set: DaemonSet, nodeName: string, traits: PodTraits = {}): Pod {
  const { of = "new", state = "ready", leaving = false, ageMs = 60_000, endedMsAgo = 60_000 } = traits;
  const fresh = newPod(set, nodeName, revisionOf(set, of));
  const phases = {
    waiting: "Pending",
    unready: "Running",
    ready: "Running",
    failed: "Failed",
    ended: "Succeeded",
  };
  const name = `log-${++made}`;
  const terminated = { exitCode: 1, finishedAt: agoMs(endedMsAgo) };
  // What is known of a pod is what controllers keep of it.
  return podOfControllers({
    ...fresh,
    metadata: {
      ...fresh.metadata,
      name,
      uid: name,
      creationTimestamp: agoMs(ageMs),
      ...(leaving ? { deletionTimestamp: agoMs(0) } : {}),
    },
    spec: { containers: [], ...fresh.spec, ...(state === "waiting" ? {} : { nodeName }) },
    status: {
      phase: phases[state],
      conditions: [
        { type: "Ready", status: state === "ready" ? "True" : "False", lastTransitionTime: agoMs(ageMs) },
      ],
      ...(state === "failed"
        ? {
            containerStatuses: [
              { name: "c", image: "", imageID: "", ready: false, restartCount: 0, state: { terminated } },
            ],
          }
        : {}),
    },
  });
}

function decideOn(set: DaemonSet, nodes: readonly Node[], candidates: readonly Pod[]): DaemonSetPlan {
  return decide({ set, nodes, candidates, revision: revisionOf(set, "new"), nowMs });
}

const removed = ({ remove }: DaemonSetPlan) =>
  remove.map(({ pod: { metadata }, cause }) => `${metadata?.name} ${cause}`);
const nameOf = ({ metadata }: Pod) => metadata?.name ?? "";

test("every node that is meant gets one pod, bound to it by its name, that puts up with the node's troubles", () => {
  const set = setOf({}, { nodeSelector: { disk: "ssd" } });
  const nodes = [node("n1", [], { disk: "ssd" }), node("n2"), node("n3", [], { disk: "ssd" })];
  const plan = decideOn(set, nodes, [pod(set, "n1", { state: "waiting" })]);
  assert.deepEqual(plan.create, ["n3"]);
  const { spec, metadata } = newPod(set, "n3", revisionOf(set, "new"));
  assert.deepEqual(
    spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms,
    [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["n3"] }] }],
  );
  assert.equal(spec?.tolerations?.length, 6);
  assert.equal(metadata?.labels?.["controller-revision-hash"], "new");
});

test("a taint keeps new pods away; only one that drives pods out drives out what is there", () => {
  const set = setOf();
  const own = { key: "dedicated", value: "db" };
  const there = [pod(set, "n1"), pod(set, "n2")];
  const nodes = [
    node("n1", [{ ...own, effect: "NoSchedule" }]),
    node("n2", [{ ...own, effect: "NoExecute" }]),
    node("n3", [{ ...own, effect: "NoSchedule" }]),
    node("n4", [{ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }]),
  ];
  const plan = decideOn(set, nodes, there);
  assert.deepEqual(plan.create, ["n4"]);
  assert.deepEqual(removed(plan), [`${nameOf(there[1] as Pod)} surplus`]);
  assert.equal(plan.status.numberMisscheduled, 2);
});

test("of two pods on a node the older stays, one whose node is gone goes, and nobody comes while one leaves", () => {
  const set = setOf();
  const [old, young] = [pod(set, "n1", { ageMs: 9000 }), pod(set, "n1", { ageMs: 1000 })];
  const lost = pod(set, "gone", { state: "waiting" });
  assert.deepEqual(removed(decideOn(set, [node("n1")], [young, old, lost])), [
    `${nameOf(young)} surplus`,
    `${nameOf(lost)} surplus`,
  ]);
  assert.deepEqual(decideOn(set, [node("n1")], [pod(set, "n1", { leaving: true })]).create, []);
});

test("a pod that failed is replaced after a pause, one that ended at once", () => {
  const set = setOf();
  const fresh = decideOn(set, [node("n1")], [pod(set, "n1", { state: "failed", endedMsAgo: 4000 })]);
  assert.deepEqual([fresh.remove.length, fresh.requeueAfterMs], [0, 6000]);
  assert.equal(decideOn(set, [node("n1")], [pod(set, "n1", { state: "failed" })]).remove[0]?.cause, "failed");
  assert.equal(decideOn(set, [node("n1")], [pod(set, "n1", { state: "ended" })]).remove[0]?.cause, "ended");
});

test("an update takes pods away from as many nodes as may be without, the broken ones first", () => {
  const set = setOf(rolling({ maxUnavailable: "50%" }));
  const nodes = ["n1", "n2", "n3", "n4"].map((name) => node(name));
  const old = nodes.map(({ metadata }) => pod(set, metadata?.name ?? "", { of: "old" }));
  assert.equal(decideOn(set, nodes, old).remove.length, 2);
  const broken = pod(set, "n4", { of: "old", state: "unready" });
  const plan = decideOn(setOf(), nodes, [...old.slice(0, 3), broken]);
  assert.deepEqual(removed(plan), [`${nameOf(broken)} outdated`]);
  assert.deepEqual(removed(decideOn(setOf({ updateStrategy: { type: "OnDelete" } }), nodes, old)), []);
});

test("with surge the new pod comes first, and the old one goes when it is available", () => {
  const set = setOf(rolling({ maxUnavailable: 0, maxSurge: 1 }));
  const nodes = [node("n1"), node("n2")];
  const [one, two] = [pod(set, "n1", { of: "old" }), pod(set, "n2", { of: "old" })];
  assert.deepEqual(decideOn(set, nodes, [one, two]).create, ["n1"]);
  const coming = pod(set, "n1", { state: "unready", ageMs: 1000 });
  const waiting = decideOn(set, nodes, [one, two, coming]);
  assert.deepEqual([waiting.create, removed(waiting)], [[], []]);
  const ready = pod(set, "n1", { ageMs: 1000 });
  assert.deepEqual(removed(decideOn(set, nodes, [one, two, ready])), [`${nameOf(one)} surplus`]);
});

test("the status counts nodes", () => {
  const set = setOf();
  const nodes = [node("n1"), node("n2"), node("n3")];
  const { status } = decideOn(set, nodes, [pod(set, "n1"), pod(set, "n2", { of: "old", state: "unready" })]);
  assert.deepEqual(status, {
    observedGeneration: 2,
    desiredNumberScheduled: 3,
    currentNumberScheduled: 2,
    numberMisscheduled: 0,
    numberReady: 1,
    numberAvailable: 1,
    numberUnavailable: 2,
    updatedNumberScheduled: 1,
  });
});

test("followed step by step, every meant node comes to one pod of the new template, never with too many down or double", () => {
  const traits = fc.record({
    at: fc.nat({ max: 4 }),
    of: fc.constantFrom("old" as const, "new" as const),
    state: fc.constantFrom(
      "waiting" as const,
      "unready" as const,
      "ready" as const,
      "failed" as const,
      "ended" as const,
    ),
  });
  const strategy = fc.oneof(
    fc.integer({ min: 1, max: 3 }).map((maxUnavailable) => ({ maxUnavailable, maxSurge: 0 })),
    fc.integer({ min: 1, max: 3 }).map((maxSurge) => ({ maxUnavailable: 0, maxSurge })),
  );
  fc.assert(
    fc.property(
      strategy,
      fc.integer({ min: 0, max: 5 }),
      fc.array(traits, { maxLength: 8 }),
      (limits, count, many) => {
        const set = setOf(rolling(limits));
        const nodes = Array.from({ length: count }, (_, at) => node(`n${at}`));
        let there = many.map((one) => pod(set, `n${one.at}`, one));
        // Pods of nodes that are gone are the pod garbage collector's.
        there = there.filter(
          (one) => !one.spec?.nodeName || nodes.some(({ metadata }) => metadata?.name === one.spec?.nodeName),
        );
        for (let step = 0; step < 40; step++) {
          const plan = decideOn(set, nodes, there);
          const isUp = (one: Pod) => one.status?.conditions?.[0]?.status === "True";
          const outdated = plan.remove.filter(({ cause, pod: one }) => cause === "outdated" && isUp(one));
          assert.ok(outdated.length <= Math.max(limits.maxUnavailable, limits.maxSurge));
          const leaving = new Set(plan.remove.map((one) => one.pod));
          there = there
            .filter((one) => !leaving.has(one))
            .map((one) => (isEnded(one) ? one : grownUp(set, one)));
          there.push(...plan.create.map((name) => pod(set, name, { state: "waiting", ageMs: 0 })));
        }
        assert.deepEqual(
          there.map((one) => one.spec?.nodeName).sort(),
          nodes.map(({ metadata }) => metadata?.name).sort(),
        );
        assert.ok(there.every(({ metadata }) => metadata?.labels?.["controller-revision-hash"] === "new"));
      },
    ),
  );
});

const isEnded = (one: Pod) => one.status?.phase === "Failed" || one.status?.phase === "Succeeded";

function grownUp(set: DaemonSet, one: Pod): Pod {
  const values = one.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const target = values?.nodeSelectorTerms[0]?.matchFields?.[0]?.values?.[0] ?? "";
  const of = one.metadata?.labels?.["controller-revision-hash"] === "old" ? "old" : "new";
  const grown = pod(set, target, { of });
  return { ...grown, metadata: { ...one.metadata } };
}
