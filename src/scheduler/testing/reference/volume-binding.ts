import type { Node, PersistentVolume, PersistentVolumeClaim } from "#api";
import { claimsOf, classOf, isBound, volumeOf } from "./claims.ts";
import { meets } from "./node-affinity.ts";
import { forGood, type Refusal, type Rule } from "./rule.ts";
import { labelOf, nameOf, namespaceOf, type World } from "./world.ts";

export const volumeBinding: Rule = {
  name: "VolumeBinding",
  refuses(pod, node, world) {
    const claims = claimsOf(pod, world);
    if (claims.some((claim) => !claim || claim.status?.phase === "Lost" || claim.metadata?.deletionTimestamp))
      return forGood;
    return judgeClaims(claims as PersistentVolumeClaim[], node, world);
  },
};

function judgeClaims(
  claims: readonly PersistentVolumeClaim[],
  node: Node,
  world: World,
): Refusal | undefined {
  const unbound = claims.filter((claim) => !isBound(claim));
  for (const claim of unbound) {
    const isLate = classOf(claim, world)?.volumeBindingMode === "WaitForFirstConsumer";
    if (!isLate || claim.spec?.volumeName) return forGood;
  }
  for (const claim of claims) {
    if (!isBound(claim)) continue;
    const volume = volumeOf(claim, world);
    if (!volume || !reaches(volume, node)) return forGood;
  }
  return canAllHaveOne(unbound, node, world) ? undefined : forGood;
}

/** The smallest claim chooses first. */
function canAllHaveOne(unbound: readonly PersistentVolumeClaim[], node: Node, world: World): boolean {
  const taken = new Set<PersistentVolume>();
  for (const claim of unbound.toSorted((a, b) => gibibytes(a) - gibibytes(b))) {
    const selected = claim.metadata?.annotations?.["volume.kubernetes.io/selected-node"];
    if (selected !== undefined && selected !== nameOf(node)) return false;
    const fitting = world.persistentVolumes.filter((volume) => fits(volume, claim));
    const kept = fitting.find((volume) => isKeptFor(volume, claim));
    if (selected === undefined && kept) {
      if (!reaches(kept, node)) return false;
      taken.add(kept);
      continue;
    }
    const [best] = fitting
      .filter((volume) => isFree(volume, claim) && !taken.has(volume) && reaches(volume, node))
      .sort(byPreference);
    if (selected === undefined && best) taken.add(best);
    else if (!canBeMade(claim, node, world)) return false;
  }
  return true;
}

function fits(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const isLargeEnough = gibibytes(volume) >= gibibytes(claim);
  const isOfMode = (volume.spec?.volumeMode ?? "Filesystem") === (claim.spec?.volumeMode ?? "Filesystem");
  return isLargeEnough && isOfMode;
}

function isKeptFor({ spec }: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { claimRef } = spec ?? {};
  if (!claimRef) return false;
  const isNamed = claimRef.name === nameOf(claim) && claimRef.namespace === namespaceOf(claim);
  return isNamed && (claimRef.uid === undefined || claimRef.uid === claim.metadata?.uid);
}

function isFree({ spec, status }: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  if (spec?.claimRef || status?.phase !== "Available") return false;
  if ((spec?.storageClassName ?? "") !== (claim.spec?.storageClassName ?? "")) return false;
  return (claim.spec?.accessModes ?? []).every((mode) => spec?.accessModes?.includes(mode));
}

function byPreference(a: PersistentVolume, b: PersistentVolume): number {
  const modes = (a.spec?.accessModes?.length ?? 0) - (b.spec?.accessModes?.length ?? 0);
  return modes || gibibytes(a) - gibibytes(b) || (nameOf(a) < nameOf(b) ? -1 : 1);
}

function canBeMade(claim: PersistentVolumeClaim, node: Node, world: World): boolean {
  const storageClass = classOf(claim, world);
  if (!storageClass || storageClass.provisioner === "kubernetes.io/no-provisioner") return false;
  const { allowedTopologies } = storageClass;
  if (!allowedTopologies) return true;
  return allowedTopologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => values.includes(labelOf(node, key) ?? "")),
  );
}

function reaches({ spec }: PersistentVolume, node: Node): boolean {
  const required = spec?.nodeAffinity?.required;
  return !required || required.nodeSelectorTerms.some((term) => meets(node, term));
}

/** Random sizes are whole gibibytes. */
function gibibytes({ spec }: PersistentVolume | PersistentVolumeClaim): number {
  const amount = spec && "resources" in spec ? spec.resources?.requests?.storage : undefined;
  const capacity = spec && "capacity" in spec ? spec.capacity?.storage : undefined;
  return Number.parseInt(String(amount ?? capacity ?? "0"), 10);
}
