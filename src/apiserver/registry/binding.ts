import type { KubernetesObject, Pod, PodCondition } from "#api";
import { badRequest, conflict, timestamp } from "#base";
import type { Machinery, WriteRequest, Written } from "./machinery.ts";
import { subjectOf } from "./subject.ts";
import { type UpdateRules, updateObject } from "./update.ts";

/** `v1 Binding`, as far as it decides something. */
export interface Binding extends KubernetesObject {
  target?: { kind?: string; name?: string };
}

/** Gives a pod its node, once and for all. Throws Conflict when it has one, or is being deleted. */
export function bindPod(machinery: Machinery, request: WriteRequest, binding: Binding): Promise<Written> {
  const { target } = binding;
  const node = target?.name;
  if (!node || (target.kind && target.kind !== "Node")) {
    throw badRequest("a binding names its target: a Node and its name");
  }
  return updateObject(machinery, request, {
    next(old = {}) {
      check(request, old, binding);
      const { metadata, spec, status } = old as Pod;
      // Whoever binds has not read the pod: that it is free is all that must hold.
      const { resourceVersion: _, ...identity } = metadata ?? {};
      // It waits for no node any more.
      const { nominatedNodeName: __, ...seen } = status ?? {};
      // Shares with the stored pod what stays, which nobody changes from here on.
      return {
        ...old,
        metadata: { ...identity, ...merged(old, binding) },
        spec: { containers: [], ...spec, nodeName: node },
        status: { ...seen, conditions: scheduled(seen.conditions ?? [], timestamp(machinery.clock)) },
      };
    },
    rules: bindingRules,
    // Nobody owns a pod's node: as in Kubernetes, where a binding leaves no trace in the managed fields.
    recordsFields: true,
    isStep: true,
  });
}

/** What a binding may change is decided above; the rules for updates would forbid it. */
const bindingRules: UpdateRules = { prepareForUpdate: () => {}, validateUpdate: () => [] };

function check({ kind, attributes }: WriteRequest, pod: Pod, binding: Binding): void {
  const name = attributes.name ?? "";
  const subject = subjectOf({ ...kind, resource: { ...kind.resource, resource: "pods/binding" } }, name);
  const uid = binding.metadata?.uid;
  if (uid && uid !== pod.metadata?.uid) {
    throw conflict(
      subject,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata?.uid}`,
    );
  }
  if (pod.metadata?.deletionTimestamp) {
    throw conflict(subject, `pod ${name} is being deleted, cannot be assigned to a host`);
  }
  if (pod.spec?.nodeName) {
    throw conflict(subject, `pod ${name} is already assigned to node "${pod.spec.nodeName}"`);
  }
  if (pod.spec?.schedulingGates?.length) {
    throw conflict(subject, `pod ${name} has non-empty .spec.schedulingGates`);
  }
}

function merged(pod: Pod, binding: Binding): NonNullable<Pod["metadata"]> {
  const { annotations, labels } = binding.metadata ?? {};
  return {
    ...(annotations ? { annotations: { ...pod.metadata?.annotations, ...annotations } } : {}),
    ...(labels ? { labels: { ...pod.metadata?.labels, ...labels } } : {}),
  };
}

function scheduled(conditions: readonly PodCondition[], now: string): PodCondition[] {
  const condition: PodCondition = { type: "PodScheduled", status: "True", lastTransitionTime: now };
  return [...conditions.filter((each) => each.type !== "PodScheduled"), condition];
}
