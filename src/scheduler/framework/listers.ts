import type {
  Namespace,
  PodDisruptionBudget,
  ReplicaSet,
  ReplicationController,
  Service,
  StatefulSet,
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

  constructor(onChange: () => void) {
    this.namespaces = new Lister(onChange);
    this.services = new Lister(onChange);
    this.replicationControllers = new Lister(onChange);
    this.replicaSets = new Lister(onChange);
    this.statefulSets = new Lister(onChange);
    // They change with every pod that comes or goes, and no filter or score reads them.
    this.podDisruptionBudgets = new Lister(() => {});
  }
}
