import { compareForEviction, exceedsRequest, isCritical, type QosClass, qosClassOf } from "#api";
import { isLimited, type WeighedPod } from "./weighed-pod.ts";

/** A pod that uses more than it requests: more than it was promised, as long as nobody else needs it. */
export interface BurstingPod {
  readonly node: string;
  /** `namespace/name`. */
  readonly pod: string;
  readonly qosClass: QosClass;
  readonly priority: number;
  readonly cpu?: Burst;
  readonly memory?: Burst;
  /**
   * Its place in the line of those who are evicted when the node's memory runs out: 1 goes first. Absent when it uses no more memory than it
   * requests (processor time is shared out anew, nobody is evicted for it), or when it is one of the system's own, which stay.
   */
  readonly evictionRank?: number;
}

/** Amounts in the units of `ResourceAmounts`. */
export interface Burst {
  readonly used: number;
  readonly request: number;
  /** Absent: it may use whatever is free. */
  readonly limit?: number;
}

/** Those of a node's pods, who would be evicted first first. */
export function burstingOn(node: string, pods: readonly WeighedPod[]): readonly BurstingPod[] {
  const inOrder = pods
    .map((weighed) => ({
      ...weighed,
      usage: weighed.usage?.memory,
      request: weighed.requests.memory ?? 0,
      cpu: burst(weighed, "cpu"),
      memory: burst(weighed, "memory"),
    }))
    .toSorted((a, b) => a.key.localeCompare(b.key))
    .toSorted(compareForEviction);
  const evictable = inOrder.filter(({ pod }) => !isCritical(pod));
  return inOrder.flatMap((one) => {
    const { pod, key, cpu, memory } = one;
    if (!cpu && !memory) return [];
    const rank = exceedsRequest(one) ? evictable.indexOf(one) + 1 : 0;
    return [
      {
        node,
        pod: key,
        qosClass: qosClassOf(pod),
        priority: pod.spec?.priority ?? 0,
        ...(cpu ? { cpu } : {}),
        ...(memory ? { memory } : {}),
        ...(rank > 0 ? { evictionRank: rank } : {}),
      },
    ];
  });
}

function burst({ pod, usage, requests, limits }: WeighedPod, resource: "cpu" | "memory"): Burst | undefined {
  const used = usage?.[resource];
  const request = requests[resource] ?? 0;
  if (used === undefined || used <= request) return undefined;
  return { used, request, ...(isLimited(pod, resource) ? { limit: limits[resource] ?? 0 } : {}) };
}
