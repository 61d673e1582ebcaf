import type {
  CSINode,
  Namespace,
  PersistentVolume,
  PersistentVolumeClaim,
  PodDisruptionBudget,
  ReplicaSet,
  ReplicationController,
  Service,
  StatefulSet,
  StorageClass,
} from "#api";
import { Lister } from "./lister.ts";

/** What plugins may look up besides nodes and pods. A plugin that needs another kind adds it here, and its informer in `start.ts`. */
export class Listers {
  readonly namespaces: Lister<Namespace>;
  readonly services: Lister<Service>;
  readonly replicationControllers: Lister<ReplicationController>;
  readonly replicaSets: Lister<ReplicaSet>;
  readonly statefulSets: Lister<StatefulSet>;
  readonly podDisruptionBudgets: Lister<PodDisruptionBudget>;
  readonly persistentVolumeClaims: Lister<PersistentVolumeClaim>;
  readonly persistentVolumes: Lister<PersistentVolume>;
  readonly storageClasses: Lister<StorageClass>;
  readonly csiNodes: Lister<CSINode>;

  constructor(onChange: () => void) {
    this.namespaces = new Lister(onChange);
    this.services = new Lister(onChange, { keysOf: selectedLabel });
    this.replicationControllers = new Lister(onChange);
    this.replicaSets = new Lister(onChange);
    this.statefulSets = new Lister(onChange);
    // They change with every pod that comes or goes, and no filter or score reads them.
    this.podDisruptionBudgets = new Lister(() => {});
    this.persistentVolumeClaims = new Lister(onChange);
    this.persistentVolumes = new Lister(onChange);
    this.storageClasses = new Lister(onChange);
    this.csiNodes = new Lister(onChange);
  }
}

/** One of the labels that pods of a service must have: where to look for the services of a pod. */
function selectedLabel({ spec }: Service): readonly string[] {
  const [label] = Object.entries(spec?.selector ?? {});
  return label ? [labelKey(...label)] : [];
}

export function labelKey(key: string, value: string): string {
  return `${key}=${value}`;
}
