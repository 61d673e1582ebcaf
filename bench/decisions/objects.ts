import type { Affinity, Node, Pod, PodAffinityTerm, PodSpec, Service } from "#api";

export const sorts = ["basic", "affinity", "anti-affinity", "spread"] as const;

/** What pods ask for besides resources: as in Kubernetes' benchmarks of the same names. */
export type Sort = (typeof sorts)[number];

const zones = 3;
const zone = "topology.kubernetes.io/zone";
const hostname = "kubernetes.io/hostname";

export function nodeOf(at: number): Node {
  const labels = { [hostname]: `node-${at}`, [zone]: `zone-${at % zones}` };
  const allocatable = { cpu: "32", memory: "256Gi", pods: "110" };
  return { metadata: { name: `node-${at}`, labels }, spec: {}, status: { allocatable } };
}

export function podOf(sort: Sort, at: number): Pod {
  const resources = { requests: { cpu: "100m", memory: "500Mi" }, limits: { cpu: "100m", memory: "500Mi" } };
  const containers = [{ name: "pause", image: "registry.k8s.io/pause:3.10.1", resources }];
  const metadata = { name: `pod-${at}`, namespace: "default", uid: `uid-${at}`, labels: { color: "blue" } };
  return { metadata, spec: { containers, ...rulesOf(sort) } };
}

function rulesOf(sort: Sort): Partial<PodSpec> {
  const labelSelector = { matchLabels: { color: "blue" } };
  const near: PodAffinityTerm[] = [{ labelSelector, topologyKey: zone }];
  const far: PodAffinityTerm[] = [{ labelSelector, topologyKey: hostname }];
  const affinity: Record<"affinity" | "anti-affinity", Affinity> = {
    affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: near } },
    "anti-affinity": { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: far } },
  };
  if (sort === "basic") return {};
  if (sort !== "spread") return { affinity: affinity[sort] };
  const constraint = { maxSkew: 5, topologyKey: zone, whenUnsatisfiable: "DoNotSchedule", labelSelector };
  return { topologySpreadConstraints: [constraint] };
}

/** One of many, each for pods of its own. */
export function serviceOf(at: number): Service {
  return {
    metadata: { name: `service-${at}`, namespace: "default" },
    spec: { selector: { app: `app-${at}` } },
  };
}
