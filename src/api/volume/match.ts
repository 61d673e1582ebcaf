import type { PersistentVolume, PersistentVolumeClaim } from "../generated/types.ts";
import { compareQuantities, parseQuantity, type Quantity, tryParseQuantity } from "../quantity.ts";
import { compileLabelSelector } from "../selector/label-selector.ts";
import { compileNodeSelector, type SelectableNode } from "../selector/node-selector.ts";
import { isVolumeOf } from "./bound.ts";
import { classOfClaim, classOfVolume } from "./storage-class.ts";

/** What could be a claim's, wherever: whether it can be used on a node is another question. */
export interface Fitting {
  /** The volume that has the claim's reference: then no other will do. */
  readonly kept: PersistentVolume | undefined;
  /** Free ones, the best first. */
  readonly free: readonly PersistentVolume[];
}

/**
 * The volumes that a claim could get: large enough, and as it wants them. The best is the one that can do no more than needed and is smallest.
 */
export function fittingVolumes(claim: PersistentVolumeClaim, volumes: Iterable<PersistentVolume>): Fitting {
  const selector = claim.spec?.selector && compileLabelSelector(claim.spec.selector);
  const free: PersistentVolume[] = [];
  for (const volume of volumes) {
    if (volume.metadata?.deletionTimestamp) continue;
    const isKept = isVolumeOf(volume, claim);
    if (volume.spec?.claimRef && !isKept) continue;
    if (isTooSmall(volume, claim) || modeOf(volume) !== modeOf(claim) || differsInAttributes(volume, claim))
      continue;
    if (isKept) return { kept: volume, free: [] };
    if (volume.status?.phase !== "Available") continue;
    if (selector && !selector.matches(volume.metadata?.labels)) continue;
    if (classOfVolume(volume) !== classOfClaim(claim) || !offersModes(volume, claim)) continue;
    free.push(volume);
  }
  return { kept: undefined, free: free.sort(compareForClaim) };
}

/** Why the volume that a claim names cannot be its own, in Kubernetes' words; undefined when it can. */
export function mismatchOf(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  if (isTooSmall(volume, claim)) return "requested PV is too small";
  if (classOfVolume(volume) !== classOfClaim(claim)) return "storageClassName does not match";
  if (differsInAttributes(volume, claim)) return "volumeAttributesClassName does not match";
  if (modeOf(volume) !== modeOf(claim)) return "incompatible volumeMode";
  return offersModes(volume, claim) ? undefined : "incompatible accessMode";
}

/** Whether pods on the node can use the volume. */
export function isUsableOn({ spec }: PersistentVolume, node: SelectableNode): boolean {
  const required = spec?.nodeAffinity?.required;
  return required === undefined || compileNodeSelector(required)(node);
}

/** How much storage a claim asks for. */
export function requestOf({ spec }: PersistentVolumeClaim): Quantity {
  return parseQuantity(spec?.resources?.requests?.storage ?? "0");
}

export function capacityOf({ spec }: PersistentVolume): Quantity {
  return tryParseQuantity(spec?.capacity?.storage ?? "0") ?? parseQuantity("0");
}

/** `Filesystem`, or `Block` for a raw device. */
export function modeOf({ spec }: { readonly spec?: { readonly volumeMode?: string } }): string {
  return spec?.volumeMode ?? "Filesystem";
}

function isTooSmall(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return compareQuantities(capacityOf(volume), requestOf(claim)) < 0;
}

function differsInAttributes(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return (volume.spec?.volumeAttributesClassName ?? "") !== (claim.spec?.volumeAttributesClassName ?? "");
}

function offersModes(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const offered = volume.spec?.accessModes ?? [];
  return (claim.spec?.accessModes ?? []).every((mode) => offered.includes(mode));
}

/** A volume that can do little is taken before one that can do more; then the smaller one; then by name, so that all decide alike. */
function compareForClaim(a: PersistentVolume, b: PersistentVolume): number {
  const modes = (a.spec?.accessModes?.length ?? 0) - (b.spec?.accessModes?.length ?? 0);
  if (modes !== 0) return modes;
  const sizes = compareQuantities(capacityOf(a), capacityOf(b));
  return sizes !== 0 ? sizes : (a.metadata?.name ?? "") < (b.metadata?.name ?? "") ? -1 : 1;
}
