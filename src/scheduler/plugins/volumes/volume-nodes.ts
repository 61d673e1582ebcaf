import type { NodeSelectorTerm, PersistentVolume } from "#api";
import type { Cluster } from "../../framework/cluster.ts";
import type { NodeIndex } from "../../framework/plugin.ts";
import { compileTerm } from "../../framework/required-nodes.ts";

type NodeTest = (node: NodeIndex) => boolean;

/** On which nodes volumes can be used. Worked out once per volume, as volumes are asked about again and again. */
export class VolumeNodes {
  readonly #cluster: Pick<Cluster, "nodes">;
  readonly #tests = new WeakMap<PersistentVolume, NodeTest>();

  constructor(cluster: Pick<Cluster, "nodes">) {
    this.#cluster = cluster;
  }

  isUsableOn(volume: PersistentVolume, node: NodeIndex): boolean {
    const known = this.#tests.get(volume);
    if (known) return known(node);
    const terms = volume.spec?.nodeAffinity?.required?.nodeSelectorTerms?.map((term) =>
      compileTerm(term, this.#cluster.nodes),
    );
    const test: NodeTest = terms ? (one) => terms.some((matches) => matches(one)) : () => true;
    this.#tests.set(volume, test);
    return test(node);
  }

  /** The only node where the volume can be used, when that is easily told: it is one of a host name that no other node has. */
  onlyNode(volume: PersistentVolume): NodeIndex | undefined {
    const { nodes } = this.#cluster;
    const place = placeOf(volume);
    const node = place?.key === hostname ? nodes.find(place.value) : undefined;
    if (node === undefined || !nodes.exists(node)) return undefined;
    const column = nodes.labels.column(hostname);
    return column.isUnique && column.of(node) === column.domain(place?.value ?? "") ? node : undefined;
  }
}

/** One value of one label. */
export interface Place {
  readonly key: string;
  readonly value: string;
}

/** Where a volume is, when its affinity says no more than that a label has a value. */
export function placeOf({ spec }: PersistentVolume): Place | undefined {
  const [term, ...others] = spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  return term && others.length === 0 ? placeOfTerm(term) : undefined;
}

function placeOfTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm): Place | undefined {
  const [first, ...others] = matchExpressions;
  if (!first || others.length > 0 || matchFields.length > 0 || first.operator !== "In") return undefined;
  const [value, ...more] = first.values ?? [];
  return value === undefined || more.length > 0 ? undefined : { key: first.key, value };
}

const hostname = "kubernetes.io/hostname";

const known = new WeakMap<object, VolumeNodes>();

export function volumeNodesIn(cluster: Cluster): VolumeNodes {
  const found = known.get(cluster) ?? new VolumeNodes(cluster);
  known.set(cluster, found);
  return found;
}
