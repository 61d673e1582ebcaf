import type { Namespace, ReplicaSet, ReplicationController, Service, StatefulSet } from "#api";
import { Lister } from "./lister.ts";

/** What plugins may look up besides nodes and pods. A plugin that needs another kind adds it here, and its informer in `start.ts`. */
export class Listers {
  readonly namespaces: Lister<Namespace>;
  readonly services: Lister<Service>;
  readonly replicationControllers: Lister<ReplicationController>;
  readonly replicaSets: Lister<ReplicaSet>;
  readonly statefulSets: Lister<StatefulSet>;

  constructor(onChange: () => void) {
    this.namespaces = new Lister(onChange);
    this.services = new Lister(onChange);
    this.replicationControllers = new Lister(onChange);
    this.replicaSets = new Lister(onChange);
    this.statefulSets = new Lister(onChange);
  }
}
