import type { Cluster } from "../framework/cluster.ts";
import type { NodeScore } from "../framework/plugin.ts";
import type { PodShape } from "../framework/pod-shape.ts";

/**
 * What makes a node good by the resources that are asked for on it, as `NodeResourcesFitArgs` of Kubernetes has it: the emptier the better
 * (`LeastAllocated`), the fuller (`MostAllocated`: fewer machines for the same pods), or as a curve says (`RequestedToCapacityRatio`).
 */
export interface ScoringStrategy {
  readonly type: "LeastAllocated" | "MostAllocated" | "RequestedToCapacityRatio";
  readonly resources: readonly WeightedResource[];
  /** Of `RequestedToCapacityRatio`: points of the curve, by rising utilization. */
  readonly shape?: readonly ShapePoint[];
}

export interface WeightedResource {
  readonly name: string;
  readonly weight: number;
}

/** At this utilization, in percent, this score, 0 to 100; between two points it goes straight. */
export interface ShapePoint {
  readonly utilization: number;
  readonly score: number;
}

export const leastAllocated: ScoringStrategy = {
  type: "LeastAllocated",
  resources: [
    { name: "cpu", weight: 1 },
    { name: "memory", weight: 1 },
  ],
};

/** The weighted mean of what each resource says that the node has and, but for CPU, memory and ephemeral storage, the pod asks for. */
export function scoreByStrategy(
  { type, resources, shape = [] }: ScoringStrategy,
  pod: PodShape,
  cluster: Cluster,
): NodeScore {
  const measures = resources.flatMap((resource) => measureOf(resource, pod, cluster) ?? []);
  const isCurve = type === "RequestedToCapacityRatio";
  const rate = isCurve ? curve(shape) : rates[type];
  return {
    by: "node",
    score(node) {
      let sum = 0;
      let weights = 0;
      for (let at = 0; at < measures.length; at += 1) {
        const { allocatable, used, more, weight } = measures[at] as Measure;
        const room = allocatable.values[node] as number;
        if (room === 0) continue;
        const points = rate((used.values[node] as number) + more, room);
        // What a curve gives nothing for does not count at all, as in Kubernetes.
        if (isCurve && points === 0) continue;
        sum += points * weight;
        weights += weight;
      }
      if (weights === 0) return 0;
      return isCurve ? Math.round(sum / weights) : Math.floor(sum / weights);
    },
  };
}

interface Measure {
  readonly allocatable: Column;
  readonly used: Column;
  /** What the pod adds. */
  readonly more: number;
  readonly weight: number;
}

type Column = { readonly values: ArrayLike<number> };

function measureOf(
  { name, weight }: WeightedResource,
  { requests, scoredCpu, scoredMemory }: PodShape,
  { nodes }: Cluster,
): Measure | undefined {
  const column = nodes.resources.column(name);
  const { allocatable } = column;
  if (name === "cpu") return { allocatable, used: nodes.scoredCpu, more: scoredCpu, weight };
  if (name === "memory") return { allocatable, used: nodes.scoredMemory, more: scoredMemory, weight };
  const more = requests.find(({ resource }) => nodes.resources.at(resource) === column)?.amount ?? 0;
  if (more === 0 && name !== "ephemeral-storage") return undefined;
  return { allocatable, used: column.requested, more, weight };
}

type Rate = (used: number, room: number) => number;

const rates: Readonly<Record<"LeastAllocated" | "MostAllocated", Rate>> = {
  LeastAllocated: (used, room) => (used > room ? 0 : Math.floor(((room - used) * 100) / room)),
  MostAllocated: (used, room) => Math.floor((Math.min(used, room) * 100) / room),
};

/** Before the first point as at it, after the last as at that. */
function curve(points: readonly ShapePoint[]): Rate {
  return (used, room) => {
    const utilization = used > room ? 100 : Math.floor((used * 100) / room);
    const next = points.findIndex((point) => utilization <= point.utilization);
    const before = points[next - 1];
    const after = points[next];
    if (!after) return points.at(-1)?.score ?? 0;
    if (!before) return after.score;
    const [rise, run] = [after.score - before.score, after.utilization - before.utilization];
    return before.score + Math.trunc((rise * (utilization - before.utilization)) / run);
  };
}
