import { isPodTerminal, type Pod } from "#api";

/** Pods that ended, beyond `limit` of them: those that ended (were created) first. */
export function surplusOf(pods: Iterable<Pod>, limit: number): readonly Pod[] {
  const ended = [...pods].filter((pod) => isPodTerminal(pod) && !pod.metadata?.deletionTimestamp);
  if (ended.length <= limit) return [];
  const created = (pod: Pod) => pod.metadata?.creationTimestamp ?? "";
  ended.sort((a, b) => (created(a) < created(b) ? -1 : created(a) > created(b) ? 1 : 0));
  return ended.slice(0, ended.length - limit);
}
