import {
  classOfClaim,
  type Fitting,
  fittingVolumes,
  isUsableOn,
  noProvisioner,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type SelectableNode,
  type StorageClass,
  selectedNode,
} from "#api";
import { keyOf } from "#client";
import type { Cluster } from "../../framework/cluster.ts";
import { reservationsIn, type VolumeChoice } from "./volume-reservations.ts";

/** What claims that have no volume yet would get on a node; undefined when they cannot all have one there. */
export type VolumeChooser = (node: SelectableNode) => VolumeChoice | undefined;

/** Works out once what does not depend on the node. */
export function volumeChooser(unbound: readonly PersistentVolumeClaim[], cluster: Cluster): VolumeChooser {
  const { listers } = cluster;
  const reservations = reservationsIn(cluster);
  const fitting = new Map<string, Fitting>();
  const fittingFor = (claim: PersistentVolumeClaim) => {
    const key = keyOf(claim);
    const found = fitting.get(key) ?? fittingVolumes(claim, listers.persistentVolumes.list());
    fitting.set(key, found);
    return found;
  };
  return (node) => {
    const bindings: { claim: PersistentVolumeClaim; volume: PersistentVolume }[] = [];
    const provisions: PersistentVolumeClaim[] = [];
    for (const claim of unbound) {
      const promised = reservations.nodeOf(claim);
      if (promised === node.name) continue;
      const selected = promised ?? claim.metadata?.annotations?.[selectedNode];
      if (selected !== undefined && selected !== node.name) return undefined;
      const volume = selected === undefined ? volumeOn(node, fittingFor(claim), isFree) : undefined;
      if (volume === "elsewhere") return undefined;
      if (volume) bindings.push({ claim, volume });
      else if (canBeMade(listers.storageClasses.get("", classOfClaim(claim)), node)) provisions.push(claim);
      else return undefined;
    }
    return { bindings, provisions };

    function isFree(volume: PersistentVolume): boolean {
      return !reservations.isTaken(volume) && !bindings.some((one) => one.volume === volume);
    }
  };
}

/** A volume that is kept for the claim binds it to where that can be used. */
function volumeOn(
  node: SelectableNode,
  { kept, free }: Fitting,
  isFree: (volume: PersistentVolume) => boolean,
): PersistentVolume | "elsewhere" | undefined {
  if (kept) return isUsableOn(kept, node) ? kept : "elsewhere";
  return free.find((volume) => isFree(volume) && isUsableOn(volume, node));
}

/** Whether the class has somebody who makes volumes, and lets them be on this node. */
function canBeMade(storageClass: StorageClass | undefined, { labels }: SelectableNode): boolean {
  if (!storageClass?.provisioner || storageClass.provisioner === noProvisioner) return false;
  const { allowedTopologies } = storageClass;
  if (!allowedTopologies?.length) return true;
  return allowedTopologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => values.includes(labels[key] ?? "")),
  );
}
