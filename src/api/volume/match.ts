import type { PersistentVolume, PersistentVolumeClaim } from "../generated/types.ts";
import { compareQuantities, parseQuantity, type Quantity, tryParseQuantity } from "../quantity.ts";
import { compileLabelSelector } from "../selector/label-selector.ts";
import { compileNodeSelector, type SelectableNode } from "../selector/node-selector.ts";
import { isVolumeOf } from "./bound.ts";
import { classOfClaim, classOfVolume } from "./storage-class.ts";

export interface FindOptions {
  /** Only what can be used on this node; anywhere unless given. */
  readonly node?: SelectableNode;
  /** Names of volumes that others are about to get. */
  readonly taken?: ReadonlySet<string>;
  /** Only what is kept for the claim already: the rest waits until its first pod has a node. */
  readonly onlyKept?: boolean;
}

/**
 * The volume for a claim: the one that is kept for it, else the smallest that is large enough, free, and as the claim wants it. Undefined
 * when there is none; also when the one kept for it cannot be used on the node.
 */
export function findVolume(
  claim: PersistentVolumeClaim,
  volumes: Iterable<PersistentVolume>,
  options: FindOptions = {},
): PersistentVolume | undefined {
  const { node, taken, onlyKept = false } = options;
  const selector = claim.spec?.selector && compileLabelSelector(claim.spec.selector);
  let best: PersistentVolume | undefined;
  for (const volume of volumes) {
    if (taken?.has(volume.metadata?.name ?? "") || volume.metadata?.deletionTimestamp) continue;
    const isKept = isVolumeOf(volume, claim);
    if (volume.spec?.claimRef && !isKept) continue;
    if (isTooSmall(volume, claim) || modeOf(volume) !== modeOf(claim) || differsInAttributes(volume, claim))
      continue;
    const isReachable = node === undefined || isUsableOn(volume, node);
    if (isKept) return isReachable ? volume : undefined;
    if (onlyKept || !isReachable || volume.status?.phase !== "Available") continue;
    if (selector && !selector.matches(volume.metadata?.labels)) continue;
    if (classOfVolume(volume) !== classOfClaim(claim) || !offersModes(volume, claim)) continue;
    if (!best || comesFirst(volume, best)) best = volume;
  }
  return best;
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
function comesFirst(a: PersistentVolume, b: PersistentVolume): boolean {
  const modes = (a.spec?.accessModes?.length ?? 0) - (b.spec?.accessModes?.length ?? 0);
  if (modes !== 0) return modes < 0;
  const sizes = compareQuantities(capacityOf(a), capacityOf(b));
  return sizes !== 0 ? sizes < 0 : (a.metadata?.name ?? "") < (b.metadata?.name ?? "");
}
