import {
  compileNodeSelector,
  type DaemonSet,
  type Node,
  type Pod,
  type Toleration,
  untoleratedTaint,
} from "#api";

/** What a set's pod and a node have to do with each other. */
export interface Placement {
  /** The node is to have one. */
  readonly shouldRun: boolean;
  /** One that is there may stay. */
  readonly shouldStay: boolean;
}

/**
 * Decides for nodes: by name, selector and required affinity, and by taints, of which those that only keep new pods away drive
 * nobody out. Room is the scheduler's question.
 */
export function placementFor({ spec }: DaemonSet): (node: Node) => Placement {
  const pod = spec?.template.spec;
  const required = pod?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const isAffine = required && compileNodeSelector(required);
  const exact = Object.entries(pod?.nodeSelector ?? {});
  const tolerations = [...(pod?.tolerations ?? []), ...daemonTolerations(pod?.hostNetwork ?? false)];
  return ({ metadata, spec: nodeSpec }) => {
    const { name = "", labels = {} } = metadata ?? {};
    const isMeant =
      (!pod?.nodeName || pod.nodeName === name) &&
      exact.every(([key, value]) => labels[key] === value) &&
      (!isAffine || isAffine({ name, labels }));
    if (!isMeant) return { shouldRun: false, shouldStay: false };
    const taints = nodeSpec?.taints ?? [];
    const shouldRun = !untoleratedTaint(taints, tolerations, ["NoSchedule", "NoExecute"]);
    return { shouldRun, shouldStay: shouldRun || !untoleratedTaint(taints, tolerations, ["NoExecute"]) };
  };
}

/** What pods of daemon sets put up with besides what they say: the state of their node is no reason to leave it. */
export function daemonTolerations(isOnHostNetwork: boolean): readonly Toleration[] {
  const tolerate = (name: string, effect: string): Toleration => ({
    key: `node.kubernetes.io/${name}`,
    operator: "Exists",
    effect,
  });
  return [
    tolerate("not-ready", "NoExecute"),
    tolerate("unreachable", "NoExecute"),
    tolerate("disk-pressure", "NoSchedule"),
    tolerate("memory-pressure", "NoSchedule"),
    tolerate("pid-pressure", "NoSchedule"),
    tolerate("unschedulable", "NoSchedule"),
    ...(isOnHostNetwork ? [tolerate("network-unavailable", "NoSchedule")] : []),
  ];
}

/** The node a pod is on, or is for: what its affinity names while it waits for the scheduler. */
export function nodeNameOf({ spec }: Pod): string | undefined {
  if (spec?.nodeName) return spec.nodeName;
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const fields = required?.nodeSelectorTerms?.flatMap(({ matchFields = [] }) => matchFields) ?? [];
  return fields.find(({ key, operator }) => key === "metadata.name" && operator === "In")?.values?.[0];
}
