import fc from "fast-check";
import type {
  CSINode,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  Service,
} from "#api";
import { nodeNames, randomNode } from "./random-node.ts";
import { namespaceLabels, namespaceNames, placedPod, podLabels, setName, waitingPod } from "./random-pod.ts";
import { selector } from "./random-selector.ts";
import { claimNames, randomClaim, randomCsiNode, randomVolume, volumeNames } from "./random-volumes.ts";
import { labels } from "./sparse.ts";

/** One thing that happens to a cluster, or a question that is asked of it. */
export type Step =
  | { readonly type: "node"; readonly node: Node }
  | { readonly type: "node-gone"; readonly name: string }
  | { readonly type: "pod"; readonly pod: Pod }
  /** Whichever pod stands at this place of those that there are. */
  | { readonly type: "pod-gone"; readonly at: number }
  | { readonly type: "pod-leaves"; readonly at: number }
  | { readonly type: "pod-labels"; readonly at: number; readonly labels: Record<string, string> }
  | { readonly type: "namespace"; readonly namespace: Namespace }
  | { readonly type: "service"; readonly service: Service }
  | { readonly type: "set"; readonly set: ReplicaSet }
  | { readonly type: "budget"; readonly budget: PodDisruptionBudget }
  /** All who were told to make room have gone. */
  | { readonly type: "victims-gone" }
  | { readonly type: "claim"; readonly claim: PersistentVolumeClaim }
  | { readonly type: "claim-gone"; readonly namespace: string; readonly name: string }
  | { readonly type: "volume"; readonly volume: PersistentVolume }
  | { readonly type: "volume-gone"; readonly name: string }
  | { readonly type: "csi-node"; readonly csiNode: CSINode }
  /** Where could the pod go? Then it goes to the best of these, if there is one. */
  | { readonly type: "place"; readonly pod: Pod }
  /** The same once more for one of those that were asked about before: what was remembered of it must not be stale. */
  | { readonly type: "place-again"; readonly at: number };

const at = fc.nat({ max: 1000 });
const namespace = fc.constantFrom(...namespaceNames);

const claim = randomClaim(namespaceNames).map((claim): Step => ({ type: "claim", claim }));
const volume = randomVolume(namespaceNames).map((volume): Step => ({ type: "volume", volume }));
const csiNode = randomCsiNode.map((csiNode): Step => ({ type: "csi-node", csiNode }));

const change: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: randomNode.map((node): Step => ({ type: "node", node })) },
  { weight: 1, arbitrary: fc.constantFrom(...nodeNames).map((name): Step => ({ type: "node-gone", name })) },
  { weight: 3, arbitrary: placedPod.map((pod): Step => ({ type: "pod", pod })) },
  { weight: 2, arbitrary: at.map((at): Step => ({ type: "pod-gone", at })) },
  { weight: 1, arbitrary: at.map((at): Step => ({ type: "pod-leaves", at })) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("pod-labels" as const), at, labels: labels(podLabels) }),
  },
  { weight: 1, arbitrary: randomNamespace() },
  { weight: 1, arbitrary: randomService() },
  { weight: 1, arbitrary: randomSet() },
  { weight: 1, arbitrary: randomBudget() },
  { weight: 2, arbitrary: fc.constant<Step>({ type: "victims-gone" }) },
  { weight: 2, arbitrary: claim },
  { weight: 2, arbitrary: volume },
  { weight: 1, arbitrary: csiNode },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("claim-gone" as const),
      namespace,
      name: fc.constantFrom(...claimNames),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...volumeNames).map((name): Step => ({ type: "volume-gone", name })),
  },
  { weight: 4, arbitrary: waitingPod.map((pod): Step => ({ type: "place", pod })) },
  { weight: 6, arbitrary: at.map((at): Step => ({ type: "place-again", at })) },
);

/** The life of a small cluster: nodes, storage and pods first, then anything. Half of them are crowded, so that pods have to make room. */
export const randomSteps: fc.Arbitrary<readonly Step[]> = fc
  .tuple(
    fc.array(
      randomNode.map((node): Step => ({ type: "node", node })),
      { minLength: 2, maxLength: 8, size: "max" },
    ),
    fc.array(fc.oneof(claim, volume, csiNode), { maxLength: 20, size: "max" }),
    fc.array(
      placedPod.map((pod): Step => ({ type: "pod", pod })),
      { maxLength: 16, size: "max" },
    ),
    fc.array(change, { maxLength: 24, size: "max" }),
    fc.boolean(),
  )
  .map(([nodes, storage, pods, changes, isCrowded]) => {
    const steps = [...nodes, ...storage, ...pods, ...changes];
    return isCrowded ? steps.map(crowded) : steps;
  });

/** There are few nodes, few pods fit on them, and those that come are more important than those that are there. */
function crowded(step: Step): Step {
  if (step.type === "node") {
    const { metadata, spec, status } = step.node;
    const name = oneOfFew(metadata?.name);
    const labels = { ...metadata?.labels, "kubernetes.io/hostname": name };
    const allocatable = { ...status?.allocatable, cpu: "2", memory: "2Gi", pods: "4" };
    const taints = spec?.taints?.filter(({ effect }) => effect === "PreferNoSchedule") ?? [];
    return {
      type: "node",
      node: { metadata: { name, labels }, spec: { taints }, status: { ...status, allocatable } },
    };
  }
  if (step.type === "pod")
    return { type: "pod", pod: withSpec(step.pod, { nodeName: oneOfFew(step.pod.spec?.nodeName) }) };
  if (step.type === "place")
    return { type: "place", pod: withSpec(step.pod, { priority: (step.pod.spec?.priority ?? 0) + 5 }) };
  return step;
}

function oneOfFew(nodeName = ""): string {
  return nodeNames[nodeNames.indexOf(nodeName) % 3] ?? "";
}

function withSpec(pod: Pod, spec: Partial<Pod["spec"]>): Pod {
  const { nodeName } = spec ?? {};
  // What has moved to another node is another pod.
  const uid = nodeName ? `${pod.metadata?.namespace}/${pod.metadata?.name}@${nodeName}` : pod.metadata?.uid;
  return {
    ...pod,
    metadata: { ...pod.metadata, ...(uid ? { uid } : {}) },
    spec: { containers: [], ...pod.spec, ...spec },
  };
}

function randomNamespace(): fc.Arbitrary<Step> {
  return fc
    .record({ name: namespace, labels: labels(namespaceLabels) })
    .map((metadata): Step => ({ type: "namespace", namespace: { metadata } }));
}

function randomService(): fc.Arbitrary<Step> {
  return fc
    .record({ name: fc.constantFrom("s0", "s1"), namespace, selector: labels(podLabels) })
    .map(({ name, namespace, selector }) => ({
      type: "service",
      service: { metadata: { name, namespace }, spec: { selector } },
    }));
}

function randomBudget(): fc.Arbitrary<Step> {
  return fc
    .record({
      name: fc.constantFrom("b0", "b1"),
      namespace,
      selector: selector(podLabels),
      disruptionsAllowed: fc.nat({ max: 2 }),
      disruptedPods: fc.constantFrom({}, {}, { p1: "2026-01-01T00:00:00Z" }),
    })
    .map(({ name, namespace, selector, ...status }) => ({
      type: "budget",
      budget: { metadata: { name, namespace }, spec: { selector }, status },
    }));
}

function randomSet(): fc.Arbitrary<Step> {
  return fc.record({ namespace, selector: selector(podLabels) }).map(({ namespace, selector }) => ({
    type: "set",
    set: { metadata: { name: setName, namespace }, spec: { selector } },
  }));
}
