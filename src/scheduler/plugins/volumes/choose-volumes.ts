import {
  classOfClaim,
  noProvisioner,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
  selectedNode,
} from "#api";
import type { Cluster } from "../../framework/cluster.ts";
import type { NodeIndex } from "../../framework/plugin.ts";
import { type FittingVolumes, freeVolumesIn } from "./free-volumes.ts";
import { volumeNodesIn } from "./volume-nodes.ts";
import { reservationsIn, type VolumeChoice } from "./volume-reservations.ts";

/** What claims that have no volume yet would get on a node; undefined when they cannot all have one there. */
export type VolumeChooser = (node: NodeIndex) => VolumeChoice | undefined;

/** One claim, with all about it that does not depend on the node. */
interface OpenClaim {
  readonly claim: PersistentVolumeClaim;
  /** The only node for it: selected, or about to be. */
  readonly selected: string | undefined;
  /** Another pod is about to have it bound. */
  readonly isPromised: boolean;
  readonly kept: PersistentVolume | undefined;
  readonly fitting: FittingVolumes | undefined;
  readonly storageClass: StorageClass | undefined;
}

/** Works out once what does not depend on the node. */
export function volumeChooser(unbound: readonly PersistentVolumeClaim[], cluster: Cluster): VolumeChooser {
  const open = unbound.map((claim) => openClaim(claim, cluster));
  const reservations = reservationsIn(cluster);
  const { nodes } = cluster;
  return (node) => {
    const bindings: { claim: PersistentVolumeClaim; volume: PersistentVolume }[] = [];
    const provisions: PersistentVolumeClaim[] = [];
    const isFree = (volume: PersistentVolume) =>
      !reservations.isTaken(volume) && !bindings.some((one) => one.volume === volume);
    for (const { claim, selected, isPromised, kept, fitting, storageClass } of open) {
      if (selected !== undefined && selected !== nodes.name(node)) return undefined;
      if (isPromised) continue;
      if (kept && !volumeNodesIn(cluster).isUsableOn(kept, node)) return undefined;
      const volume = kept ?? fitting?.bestOn(node, isFree);
      if (volume) bindings.push({ claim, volume });
      else if (canBeMade(storageClass, nodes.labels.of(node))) provisions.push(claim);
      else return undefined;
    }
    return { bindings, provisions };
  };
}

function openClaim(claim: PersistentVolumeClaim, cluster: Cluster): OpenClaim {
  const promised = reservationsIn(cluster).nodeOf(claim);
  const selected = promised ?? claim.metadata?.annotations?.[selectedNode];
  // For one whose node is selected already a volume is being made: it does not take another.
  const volumes = selected === undefined ? freeVolumesIn(cluster) : undefined;
  return {
    claim,
    selected,
    isPromised: promised !== undefined,
    kept: volumes?.keptFor(claim),
    fitting: volumes?.fittingFor(claim),
    storageClass: cluster.listers.storageClasses.get("", classOfClaim(claim)),
  };
}

/** Whether the class has somebody who makes volumes, and lets them be on such a node. */
function canBeMade(
  storageClass: StorageClass | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  if (!storageClass?.provisioner || storageClass.provisioner === noProvisioner) return false;
  const { allowedTopologies } = storageClass;
  if (!allowedTopologies?.length) return true;
  return allowedTopologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => values.includes(labels[key] ?? "")),
  );
}
