import type { ListMeta } from "./generated/types.ts";
import type { KubernetesObject } from "./resource.ts";

export type { ManagedFieldsEntry, ObjectMeta } from "./generated/types.ts";

/** A list of objects of one kind, as the server answers: `DeploymentList` is an `ObjectList<Deployment>`. */
export interface ObjectList<T extends KubernetesObject = KubernetesObject> {
  apiVersion?: string;
  kind?: string;
  metadata?: ListMeta;
  items: T[];
}
