import {
  type Affinity,
  type ControllerRevision,
  type DaemonSet,
  daemonSets,
  jsonEqual,
  type Pod,
  type PodSpec,
} from "#api";
import { controllerReference } from "../shared/claim.ts";
import { podFromTemplate } from "../shared/pods.ts";
import { hashLabel, revisionLabel, templateOf } from "../shared/revisions.ts";
import { daemonTolerations } from "./placement.ts";

/** The set's pod for one node, of a revision's template. The scheduler binds it: only it knows whether there is room. */
export function newPod(set: DaemonSet, nodeName: string, revision: ControllerRevision): Pod {
  const reference = controllerReference(daemonSets, set);
  const pod = podFromTemplate(templateOf(revision), { reference, namespace: set.metadata?.namespace });
  const labels = { ...pod.metadata?.labels, [revisionLabel]: hashOfRevision(revision) };
  return {
    ...pod,
    metadata: { ...pod.metadata, labels },
    ...(pod.spec ? { spec: forNode(pod.spec, nodeName) } : {}),
  };
}

/** By what pods of daemon sets say which revision they are of. */
export function hashOfRevision({ metadata }: ControllerRevision): string {
  return metadata?.labels?.[hashLabel] ?? "";
}

function forNode(spec: PodSpec, nodeName: string): PodSpec {
  const own = spec.tolerations ?? [];
  const added = daemonTolerations(spec.hostNetwork ?? false).filter(
    (one) => !own.some((other) => jsonEqual(one, other)),
  );
  return { ...spec, affinity: affinityFor(spec.affinity, nodeName), tolerations: [...own, ...added] };
}

/** The node takes the place of what the template requires of nodes: it has been chosen by that. */
function affinityFor(affinity: Affinity | undefined, nodeName: string): Affinity {
  const term = { matchFields: [{ key: "metadata.name", operator: "In", values: [nodeName] }] };
  const requiredDuringSchedulingIgnoredDuringExecution = { nodeSelectorTerms: [term] };
  return {
    ...affinity,
    nodeAffinity: { ...affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution },
  };
}
