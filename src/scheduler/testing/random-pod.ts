import fc from "fast-check";
import type {
  Affinity,
  Container,
  ContainerPort,
  NodeAffinity,
  NodeSelectorTerm,
  Pod,
  PodAffinity,
  PodAffinityTerm,
  PodSpec,
  Toleration,
  TopologySpreadConstraint,
} from "#api";
import { imageSizes, nodeLabels, nodeNames } from "./random-node.ts";
import { nodeRequirement, selector } from "./random-selector.ts";
import { podVolumes } from "./random-volumes.ts";
import { absent, few, labels, sparse } from "./sparse.ts";

export const namespaceNames: readonly string[] = ["red", "green"];
export const namespaceLabels: Readonly<Record<string, readonly string[]>> = { team: ["x", "y"] };
export const podLabels: Readonly<Record<string, readonly string[]>> = {
  app: ["web", "db"],
  version: ["1", "2"],
};
/** The set that controls some of the pods, of its namespace. */
export const setName = "web-set";

/** A pod's spec where every rule of placement has something to say now and then, and several at once often. */
export const randomPodSpec: fc.Arbitrary<PodSpec> = sparse<PodSpec>({
  containers: few(2, fc.nat()).chain(({ length }) => containers("c", length, container(9))),
  initContainers: absent(
    7,
    few(2, fc.nat()).chain(({ length }) => containers("i", length, container(4))),
  ),
  overhead: absent(9, fc.constant({ cpu: "100m", memory: "64Mi" })),
  resources: absent(
    9,
    fc.record({ requests: fc.constantFrom({ cpu: "1" }, { cpu: "300m", memory: "256Mi" }) }),
  ),
  nodeSelector: absent(9, labels(nodeLabels)),
  tolerations: absent(6, few(2, toleration())),
  affinity: absent(3, affinity()),
  topologySpreadConstraints: absent(6, few(2, spread())),
  preemptionPolicy: absent(9, fc.constant("Never")),
  volumes: absent(7, podVolumes),
  priority: absent(4, fc.constantFrom(-10, 0, 10, 1000)),
});

/** Without its node: a pod that waits. */
export const waitingPod: fc.Arbitrary<Pod> = fc
  .record({
    name: fc.nat({ max: 29 }).map((at) => `p${at}`),
    namespace: fc.constantFrom(...namespaceNames),
    labels: labels(podLabels),
    isOwned: fc.nat({ max: 2 }).map((at) => at === 0),
    spec: randomPodSpec,
  })
  .map(({ name, namespace, labels, isOwned, spec }) => ({
    metadata: {
      name,
      namespace,
      // What a name stands for never moves from node to node.
      uid: `${namespace}/${name}`,
      labels,
      ...(isOwned ? { ownerReferences: [ownedBySet] } : {}),
    },
    spec,
    status: { phase: "Pending" },
  }));

const started = absent(2, fc.constantFrom("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"));

/** A pod that has a node, which need not exist; now and then it is on its way out. */
export const placedPod: fc.Arbitrary<Pod> = fc
  .record({ pod: waitingPod, nodeName: fc.constantFrom(...nodeNames), leaves: fc.nat({ max: 7 }), started })
  .map(({ pod, nodeName, leaves, started }) => ({
    ...pod,
    metadata: {
      ...pod.metadata,
      uid: `${pod.metadata?.uid}@${nodeName}`,
      ...(leaves === 0 ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
    },
    spec: { containers: [], ...pod.spec, nodeName },
    status: { phase: "Running", ...(started ? { startTime: started } : {}) },
  }));

const ownedBySet = { apiVersion: "apps/v1", kind: "ReplicaSet", name: setName, uid: "set", controller: true };

function containers(
  prefix: string,
  length: number,
  one: fc.Arbitrary<Omit<Container, "name">>,
): fc.Arbitrary<Container[]> {
  return fc
    .array(one, { minLength: length, maxLength: length })
    .map((all) => all.map((each, at) => ({ name: `${prefix}${at}`, ...each })));
}

/** `alone`: how often of ten an init container ends before the next begins. */
function container(alone: number): fc.Arbitrary<Omit<Container, "name">> {
  return sparse<Omit<Container, "name">>({
    image: fc.constantFrom("tiny", "web", "registry:5000/big:v1", "elsewhere:1", ...Object.keys(imageSizes)),
    restartPolicy: alone === 9 ? fc.constant(undefined) : absent(alone, fc.constant("Always")),
    ports: absent(8, few(2, port())),
    resources: absent(
      3,
      fc.record({
        requests: withRareResource(
          sparse<Record<string, string>>({
            cpu: absent(3, fc.constantFrom("0", "100m", "250m", "700m")),
            memory: absent(3, fc.constantFrom("0", "100Mi", "300Mi", "700M")),
          }),
        ),
      }),
    ),
  });
}

/** What few nodes have. */
function withRareResource(requests: fc.Arbitrary<Record<string, string>>) {
  const rare = fc.constantFrom(
    { "ephemeral-storage": "1Gi" },
    { "ephemeral-storage": "3Gi" },
    { "hugepages-2Mi": "64Mi" },
    { "example.com/gpu": "0" },
    { "example.com/gpu": "1" },
  );
  const none = fc.constant({});
  return fc
    .tuple(requests, fc.oneof({ weight: 14, arbitrary: none }, { weight: 1, arbitrary: rare }))
    .map(([usual, more]): Record<string, string> => ({ ...usual, ...more }));
}

function port(): fc.Arbitrary<ContainerPort> {
  return sparse<ContainerPort>({
    containerPort: fc.constant(80),
    hostPort: absent(1, fc.constantFrom(80, 81)),
    protocol: absent(4, fc.constantFrom("TCP", "UDP")),
    hostIP: absent(5, fc.constantFrom("0.0.0.0", "127.0.0.1", "10.0.0.1")),
  });
}

function toleration(): fc.Arbitrary<Toleration> {
  const effect = absent(5, fc.constantFrom("NoSchedule", "PreferNoSchedule", "NoExecute"));
  return fc.oneof(
    { weight: 1, arbitrary: sparse<Toleration>({ operator: fc.constant("Exists"), effect }) },
    {
      weight: 3,
      arbitrary: sparse<Toleration>({
        key: fc.constantFrom("dedicated", "spot", "node.kubernetes.io/unschedulable"),
        operator: fc.constant("Exists"),
        effect,
      }),
    },
    {
      weight: 3,
      arbitrary: sparse<Toleration>({
        key: fc.constantFrom("dedicated", "spot"),
        operator: absent(5, fc.constant("Equal")),
        value: absent(3, fc.constantFrom("a", "b")),
        effect,
      }),
    },
  );
}

function affinity(): fc.Arbitrary<Affinity> {
  return sparse<Affinity>({
    nodeAffinity: absent(5, nodeAffinity()),
    podAffinity: absent(5, podAffinity()),
    podAntiAffinity: absent(5, podAffinity()),
  });
}

function nodeAffinity(): fc.Arbitrary<NodeAffinity> {
  const term = sparse<NodeSelectorTerm>({
    matchExpressions: absent(3, few(2, nodeRequirement(nodeLabels))),
    matchFields: absent(8, fc.tuple(nameRequirement())),
  });
  const weight = fc.constantFrom(1, 10, 100);
  return sparse<NodeAffinity>({
    requiredDuringSchedulingIgnoredDuringExecution: absent(
      8,
      fc.record({ nodeSelectorTerms: fc.array(term, { maxLength: 2 }) }),
    ),
    preferredDuringSchedulingIgnoredDuringExecution: absent(
      2,
      few(2, fc.record({ preference: term, weight })),
    ),
  });
}

function nameRequirement() {
  return fc.record({
    key: fc.constant("metadata.name"),
    operator: fc.constantFrom("In", "NotIn"),
    values: fc.constantFrom(...nodeNames).map((name) => [name]),
  });
}

/** Hard terms are rare, or most pods would fit nowhere. */
function podAffinity(): fc.Arbitrary<PodAffinity> {
  const podAffinityTerm = sparse<PodAffinityTerm>({
    topologyKey: topologyKey(),
    labelSelector: absent(1, selector(podLabels)),
    namespaces: absent(7, few(2, fc.constantFrom(...namespaceNames))),
    namespaceSelector: absent(7, selector(namespaceLabels)),
  });
  return sparse<PodAffinity>({
    requiredDuringSchedulingIgnoredDuringExecution: absent(7, few(2, podAffinityTerm)),
    preferredDuringSchedulingIgnoredDuringExecution: absent(
      4,
      few(2, fc.record({ podAffinityTerm, weight: fc.constantFrom(1, 7, 100) })),
    ),
  });
}

function spread(): fc.Arbitrary<TopologySpreadConstraint> {
  const policy = absent(5, fc.constantFrom("Honor", "Ignore"));
  return fc.constantFrom("DoNotSchedule", "ScheduleAnyway").chain((whenUnsatisfiable) =>
    sparse<TopologySpreadConstraint>({
      whenUnsatisfiable: fc.constant(whenUnsatisfiable),
      topologyKey: topologyKey(),
      maxSkew: fc.constantFrom(1, 1, 2, 3),
      minDomains:
        whenUnsatisfiable === "DoNotSchedule" ? absent(6, fc.constantFrom(1, 2, 4)) : fc.constant(undefined),
      labelSelector: absent(1, selector(podLabels)),
      matchLabelKeys: absent(7, fc.constantFrom(["version"], ["version", "absent"])),
      nodeAffinityPolicy: policy,
      nodeTaintsPolicy: policy,
    }),
  );
}

function topologyKey(): fc.Arbitrary<string> {
  return fc.constantFrom("topology.kubernetes.io/zone", "kubernetes.io/hostname", "disk");
}
