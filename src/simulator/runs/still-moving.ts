import {
  type Deployment,
  isPodReady,
  isPodTerminal,
  type Job,
  type Node,
  type Pod,
  podCondition,
  type StatefulSet,
} from "#api";

/** What there is that can move, as the store has it. */
export interface Movables {
  readonly nodes: Iterable<Node>;
  readonly deployments: Iterable<Deployment>;
  readonly statefulSets: Iterable<StatefulSet>;
  readonly jobs: Iterable<Job>;
  readonly pods: Iterable<Pod>;
  /** Why pods of a StatefulSet are not created: its status does not tell. Asked only of those that move. */
  readonly creationFailureOf?: (set: StatefulSet) => string | undefined;
}

export interface Expectation {
  /** Nodes that are lost: of them nothing is expected. */
  readonly lost: ReadonlySet<string>;
  /**
   * `all`: every node is free for pods, every pod has one, every job is over. `what can`: a pod that no node takes rests, with what waits for
   * it; a job may go on, and a node may be kept free.
   */
  readonly rests: "all" | "what can";
}

/** What has not come to rest, one line each. Pure. */
export function stillMoving(movables: Movables, expectation: Expectation): string[] {
  const { lost, rests } = expectation;
  const pods = [...movables.pods];
  const waits = rests === "what can" && (lost.size > 0 || pods.some(isUnschedulable));
  return [
    ...[...movables.nodes].flatMap((node) => movingNode(node, expectation)),
    ...(waits
      ? []
      : [...movables.deployments].flatMap((one) => movingSet("deployment", one, replicaFailureOf))),
    ...(waits
      ? []
      : [...movables.statefulSets].flatMap((one) =>
          movingSet("statefulset", one, movables.creationFailureOf),
        )),
    ...(rests === "what can" ? [] : [...movables.jobs].flatMap(movingJob)),
    ...pods.flatMap((pod) => movingPod(pod, expectation)),
  ];
}

/** The scheduler has looked for a node and found none. */
export function isUnschedulable(pod: Pod): boolean {
  if (pod.spec?.nodeName !== undefined || isPodTerminal(pod) || pod.metadata?.deletionTimestamp) return false;
  const condition = podCondition(pod, "PodScheduled");
  return condition?.status === "False" && condition.reason === "Unschedulable";
}

function movingNode({ metadata, spec, status }: Node, { lost, rests }: Expectation): string[] {
  if (lost.has(metadata?.name ?? "")) return [];
  const ready = status?.conditions?.find(({ type }) => type === "Ready")?.status;
  const taints = (spec?.taints ?? [])
    .map(({ key = "" }) => key)
    .filter((key) => rests === "all" || troubles.has(key));
  if (ready === "True" && taints.length === 0) return [];
  return [`node ${metadata?.name} is not ready${taints.length > 0 ? ` (${taints.join(", ")})` : ""}`];
}

const troubles = new Set(["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]);

/** Of a kind that keeps a number of pods. */
function movingSet<Kind extends Deployment | StatefulSet>(
  kind: string,
  set: Kind,
  failureOf?: (set: Kind) => string | undefined,
): string[] {
  const { metadata, spec, status } = set;
  const wanted = spec?.replicas ?? 1;
  const { observedGeneration, replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status ?? {};
  const isDone =
    observedGeneration === metadata?.generation &&
    [replicas, updatedReplicas, availableReplicas].every((count) => count === wanted);
  if (isDone && !metadata?.deletionTimestamp) return [];
  const counts = `${updatedReplicas} of ${wanted} pods are up to date, ${availableReplicas} available`;
  const failure = replicas < wanted || updatedReplicas < wanted ? failureOf?.(set) : undefined;
  const why = failure === undefined ? "" : `; a pod cannot be created: ${failure}`;
  return [`${kind} ${metadata?.namespace}/${metadata?.name}: ${counts}${why}`];
}

function replicaFailureOf({ status }: Deployment): string | undefined {
  return status?.conditions?.find(({ type, status: is }) => type === "ReplicaFailure" && is === "True")
    ?.message;
}

function movingJob({ metadata, status }: Job): string[] {
  const isOver = status?.conditions?.some(
    ({ type, status: is }) => (type === "Complete" || type === "Failed") && is === "True",
  );
  if (isOver && !status?.active) return [];
  const { active = 0, succeeded = 0 } = status ?? {};
  return [`job ${metadata?.namespace}/${metadata?.name}: ${active} active, ${succeeded} succeeded`];
}

function movingPod(pod: Pod, { lost, rests }: Expectation): string[] {
  const { name, namespace, deletionTimestamp } = pod.metadata ?? {};
  const node = pod.spec?.nodeName;
  if (lost.has(node ?? "") || (rests === "what can" && isUnschedulable(pod))) return [];
  if (deletionTimestamp) return [`pod ${namespace}/${name} on ${node ?? "no node"} is being ended`];
  if (isPodTerminal(pod) || (node !== undefined && isPodReady(pod))) return [];
  const waiting = pod.status?.containerStatuses?.find(({ state }) => state?.waiting)?.state?.waiting?.reason;
  const where = node ?? "no node yet";
  return [`pod ${namespace}/${name} on ${where} is not ready${waiting ? ` (${waiting})` : ""}`];
}
