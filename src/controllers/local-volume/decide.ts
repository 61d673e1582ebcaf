import {
  capacityOf,
  claimReference,
  classOfClaim,
  compareQuantities,
  localFinalizer,
  localNodeLabel,
  localProvisioner,
  localRootAnnotation,
  maxLabelLength,
  type Node,
  type PersistentVolume,
  type PersistentVolumeClaim,
  provisionedBy,
  requestOf,
  type StorageClass,
  selectedNode,
  storageProvisioner,
  waitsForConsumer,
} from "#api";
import { type Note, warning } from "../shared/note.ts";

/**
 * What becomes of a claim for a directory.
 *
 * - `create`: its volume, on the node that was selected for its first pod.
 * - `refuse`: no directory can be what it asks for.
 * - `reschedule`: that node cannot have it; the scheduler shall find another.
 */
export type Provisioning =
  | { readonly type: "create"; readonly volume: PersistentVolume }
  | { readonly type: "refuse"; readonly note: Note }
  | { readonly type: "reschedule"; readonly note: Note };

export interface ProvisioningWorld {
  readonly claim: PersistentVolumeClaim;
  readonly storageClass: StorageClass | undefined;
  /** The node that was selected, if it is there. */
  readonly node: Node | undefined;
}

/** Undefined while there is nothing to do. */
export function decideProvisioning(world: ProvisioningWorld): Provisioning | undefined {
  const { claim, storageClass, node } = world;
  const { metadata, spec } = claim;
  const asked = metadata?.annotations?.[storageProvisioner];
  if (asked !== localProvisioner || spec?.volumeName || metadata?.deletionTimestamp) return undefined;
  if (storageClass?.provisioner !== localProvisioner) return undefined;
  const failed = (why: string) =>
    warning(
      "ProvisioningFailed",
      `failed to provision volume with StorageClass "${classOfClaim(claim)}": ${why}`,
    );
  const unfit = unfitness(claim, storageClass);
  if (unfit !== undefined) return { type: "refuse", note: failed(unfit) };
  const name = metadata?.annotations?.[selectedNode];
  if (name === undefined) return undefined;
  const root = node?.metadata?.annotations?.[localRootAnnotation];
  // Its agent asks for its volumes by a label, which a longer name cannot be.
  if (!node || root === undefined || name.length > maxLabelLength) {
    const why = node ? `node "${name}" keeps no volumes` : `node "${name}" not found`;
    return { type: "reschedule", note: failed(why) };
  }
  return { type: "create", volume: volumeFor(claim, storageClass, { node, root }) };
}

/** Why no directory can be what the claim asks for; undefined when one can. */
function unfitness({ spec }: PersistentVolumeClaim, storageClass: StorageClass): string | undefined {
  if (!waitsForConsumer(storageClass))
    return "a directory is on one node, so its class needs volumeBindingMode: WaitForFirstConsumer";
  const shared = spec?.accessModes?.find((mode) => !ownModes.includes(mode));
  if (shared !== undefined)
    return `a directory is on one node: access mode ${shared} is not supported, ${ownModes.join(" and ")} are`;
  if (spec?.volumeMode === "Block") return "a directory is no raw device: volumeMode Block is not supported";
  if (spec?.selector) return "claim Selector is not supported";
  if (spec?.dataSource ?? spec?.dataSourceRef) return "a directory begins empty: dataSource is not supported";
  return undefined;
}

const ownModes: readonly string[] = ["ReadWriteOnce", "ReadWriteOncePod"];

function volumeFor(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  { node, root }: { readonly node: Node; readonly root: string },
): PersistentVolume {
  const name = `pvc-${claim.metadata?.uid}`;
  const nodeName = node.metadata?.name ?? "";
  const hostname = node.metadata?.labels?.[hostnameLabel] ?? nodeName;
  const policy = storageClass.reclaimPolicy ?? "Delete";
  const term = { matchExpressions: [{ key: hostnameLabel, operator: "In", values: [hostname] }] };
  return {
    metadata: {
      name,
      labels: { [localNodeLabel]: nodeName },
      annotations: { [provisionedBy]: localProvisioner },
      finalizers: [localFinalizer],
    },
    spec: {
      accessModes: [...(claim.spec?.accessModes ?? [])],
      capacity: { storage: claim.spec?.resources?.requests?.storage ?? "0" },
      claimRef: claimReference(claim),
      local: { path: `${root}/${name}` },
      nodeAffinity: { required: { nodeSelectorTerms: [term] } },
      persistentVolumeReclaimPolicy: policy,
      storageClassName: classOfClaim(claim),
      volumeMode: "Filesystem",
    },
  };
}

const hostnameLabel = "kubernetes.io/hostname";

/**
 * How a volume of ours ends: `delete` it once it is released, and its node's agent removes the directory and then the finalizer; `letGo`
 * of it when that node is gone for good.
 */
export function decideRemoval(
  volume: PersistentVolume,
  { isNodeThere }: { readonly isNodeThere: boolean },
): "delete" | "letGo" | "nothing" {
  const { metadata, spec, status } = volume;
  if (metadata?.annotations?.[provisionedBy] !== localProvisioner) return "nothing";
  if (!metadata.deletionTimestamp) {
    const isOver = status?.phase === "Released" && spec?.persistentVolumeReclaimPolicy === "Delete";
    return isOver ? "delete" : "nothing";
  }
  return !isNodeThere && metadata.finalizers?.includes(localFinalizer) ? "letGo" : "nothing";
}

/** The capacity that a volume gets because its claim asks for more: a directory grows by being said to. */
export function decideGrowth(claim: PersistentVolumeClaim, volume: PersistentVolume): string | undefined {
  if (volume.metadata?.annotations?.[provisionedBy] !== localProvisioner) return undefined;
  if (claim.status?.phase !== "Bound" || volume.spec?.claimRef?.uid !== claim.metadata?.uid) return undefined;
  const wanted = claim.spec?.resources?.requests?.storage;
  const isMore = compareQuantities(requestOf(claim), capacityOf(volume)) > 0;
  return isMore && wanted !== undefined ? String(wanted) : undefined;
}
