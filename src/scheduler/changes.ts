import { jsonEqual, type Node, type Pod } from "#api";

/** Whether nothing that a decision reads differs: status comes and goes, also by the scheduler's own hand. */
export function isSameToScheduling(pod: Pod, old: Pod): boolean {
  return (
    pod.metadata?.deletionTimestamp === old.metadata?.deletionTimestamp &&
    jsonEqual(pod.spec, old.spec) &&
    jsonEqual(pod.metadata?.labels, old.metadata?.labels) &&
    jsonEqual(pod.metadata?.ownerReferences, old.metadata?.ownerReferences)
  );
}

/** Whether a node changed in what decisions read; heartbeats do not count. */
export function isRelevantChange(node: Node, old: Node): boolean {
  return !(
    jsonEqual(node.spec, old.spec) &&
    jsonEqual(node.status?.allocatable, old.status?.allocatable) &&
    jsonEqual(node.status?.images, old.status?.images) &&
    jsonEqual(node.metadata?.labels, old.metadata?.labels)
  );
}
