import type { KubernetesObject, OwnerReference, Pod } from "#api";
import { controllerOf } from "../shared/claim.ts";

/** How many pods an owner is to have. */
export interface OwnerScale {
  readonly uid: string;
  readonly replicas: number;
}

/** The owners a budget's controller can ask; undefined when there is no such one of that uid. */
export type FindOwner = (
  owner: OwnerReference,
  namespace: string,
) => (KubernetesObject & { spec?: { replicas?: number } }) | undefined;

/** What the owners of the pods ask for in total. */
export interface ExpectedScale {
  readonly expected: number;
  /** Pods that nobody controls: how many there shall be is unknown. */
  readonly unmanaged: readonly Pod[];
}

/**
 * How many pods the controllers of these are to have together. A replica set of a deployment stands for the deployment.
 * Throws when some controller cannot be asked.
 */
export function expectedScale(pods: readonly Pod[], findOwner: FindOwner): ExpectedScale {
  const scales = new Map<string, OwnerScale>();
  const unmanaged: Pod[] = [];
  const seen = new Set<string>();
  for (const pod of pods) {
    const owner = controllerOf(pod);
    if (!owner) unmanaged.push(pod);
    else if (!seen.has(owner.uid)) {
      seen.add(owner.uid);
      const scale = scaleOf(owner, pod, findOwner);
      scales.set(scale.uid, scale);
    }
  }
  let expected = 0;
  for (const { replicas } of scales.values()) expected += replicas;
  return { expected, unmanaged };
}

function scaleOf(owner: OwnerReference, pod: Pod, findOwner: FindOwner): OwnerScale {
  const namespace = pod.metadata?.namespace ?? "";
  const found = findOwner(owner, namespace);
  if (!found) throw new Error(`found no controllers for pod ${JSON.stringify(pod.metadata?.name)}`);
  const above = owner.kind === "ReplicaSet" ? controllerOf(found) : undefined;
  const deployment = above?.kind === "Deployment" ? findOwner(above, namespace) : undefined;
  const counted = deployment ?? found;
  return { uid: counted.metadata?.uid ?? "", replicas: counted.spec?.replicas ?? 1 };
}
