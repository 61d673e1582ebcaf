import fc from "fast-check";
import type { ContainerImage, Node, NodeSpec, Taint } from "#api";
import { absent, labels, sparse } from "./sparse.ts";

/** The names that nodes have; few, so that nodes come, go and come again. */
export const nodeNames: readonly string[] = ["n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7"];

export const nodeLabels: Readonly<Record<string, readonly string[]>> = {
  "topology.kubernetes.io/zone": ["a", "b", "c"],
  disk: ["ssd", "hdd"],
  cores: ["1", "2", "10", "many"],
};

/** Images by name, with their size in MiB: too small to matter, middling, larger than what counts. */
export const imageSizes: Readonly<Record<string, number>> = {
  "tiny:latest": 20,
  "web:latest": 300,
  "registry:5000/big:v1": 1500,
};

const taint: fc.Arbitrary<Taint> = sparse<Taint>({
  key: fc.constantFrom("dedicated", "spot"),
  value: absent(3, fc.constantFrom("a", "b")),
  effect: fc.constantFrom("NoSchedule", "PreferNoSchedule", "NoExecute"),
});

const image: fc.Arbitrary<ContainerImage> = fc
  .constantFrom(...Object.entries(imageSizes))
  .map(([name, size]) => ({
    names: [name],
    sizeBytes: size * 1024 * 1024,
  }));

export const randomNode: fc.Arbitrary<Node> = fc
  .record({
    name: fc.constantFrom(...nodeNames),
    hostname: fc.integer({ min: 0, max: 9 }),
    labels: labels(nodeLabels),
    spec: sparse<NodeSpec>({
      unschedulable: absent(9, fc.constant(true)),
      taints: absent(8, fc.uniqueArray(taint, { minLength: 1, maxLength: 2, selector: identityOf })),
    }),
    allocatable: sparse<Record<string, string>>({
      cpu: absent(1, fc.constantFrom("1", "2", "4", "8")),
      memory: absent(1, fc.constantFrom("1Gi", "2500M", "8Gi", "16Gi")),
      pods: fc.constantFrom("2", "20", "110", "110"),
      "ephemeral-storage": absent(2, fc.constantFrom("1Gi", "10Gi")),
      "hugepages-2Mi": absent(6, fc.constantFrom("64Mi", "128Mi")),
      "example.com/gpu": absent(5, fc.constantFrom("0", "1", "2")),
    }),
    images: absent(
      5,
      fc.uniqueArray(image, { minLength: 1, maxLength: 3, selector: ({ names }) => names?.[0] }),
    ),
  })
  .map(({ name, hostname, labels: own, spec, allocatable, images }) => ({
    // Nearly every node has the label by which it is its own domain.
    metadata: { name, labels: hostname === 0 ? own : { ...own, "kubernetes.io/hostname": name } },
    spec,
    status: { allocatable, ...(images ? { images } : {}) },
  }));

/** A node has one taint of a key and effect. */
function identityOf({ key, effect }: Taint): string {
  return `${key}:${effect}`;
}
