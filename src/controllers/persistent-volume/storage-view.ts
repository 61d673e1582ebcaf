import {
  bindCompleted,
  classOfClaim,
  classOfVolume,
  isDefaultClass,
  mismatchOf,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  type StorageClass,
  storageClasses,
} from "#api";
import { type Informer, type Informers, keyOf } from "#client";

/** Claims, volumes and classes, with the indexes by which those who bring them together find theirs. */
export interface StorageView {
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly volumes: Informer<PersistentVolume>;
  readonly classes: Informer<StorageClass>;
  /** Volumes that a claim could get: the free ones of its class, and those kept for it. */
  candidatesFor(claim: PersistentVolumeClaim): Iterable<PersistentVolume>;
  /** Volumes that have a reference to the claim. */
  volumesOf(claim: PersistentVolumeClaim): readonly PersistentVolume[];
  /** Claims that a volume concerns: its own, those that name it, and those that wait for one like it. */
  claimsFor(volume: PersistentVolume): readonly PersistentVolumeClaim[];
  /** Claims that wait for a volume of the class. */
  pendingIn(storageClass: StorageClass): readonly PersistentVolumeClaim[];
}

export function storageView(informers: Informers): StorageView {
  const claims = informers
    .of(persistentVolumeClaims)
    .addIndex("volume", ({ spec }) => (spec?.volumeName ? [spec.volumeName] : []))
    .addIndex("pending", (claim) => (isPending(claim) ? [classOfClaim(claim)] : []));
  const volumes = informers
    .of(persistentVolumes)
    .addIndex("claim", ({ spec }) => (spec?.claimRef ? [claimKey(spec.claimRef)] : []))
    .addIndex("free", (volume) => (volume.spec?.claimRef ? [] : [classOfVolume(volume)]));
  const classes = informers.of(storageClasses);
  const volumesOf = (claim: PersistentVolumeClaim) => volumes.byIndex("claim", keyOf(claim));
  return {
    claims,
    volumes,
    classes,
    volumesOf,
    candidatesFor: (claim) => [...volumesOf(claim), ...volumes.byIndex("free", classOfClaim(claim))],
    claimsFor(volume) {
      const { metadata, spec, status } = volume;
      const own = spec?.claimRef ? claims.getByKey(claimKey(spec.claimRef)) : undefined;
      const naming = claims.byIndex("volume", metadata?.name ?? "");
      const isFree = !spec?.claimRef && status?.phase === "Available";
      const waiting = isFree ? claims.byIndex("pending", classOfVolume(volume)) : [];
      const fitting = waiting.filter((claim) => mismatchOf(volume, claim) === undefined);
      return [...(own ? [own] : []), ...naming, ...fitting];
    },
    pendingIn: (storageClass) => [
      ...claims.byIndex("pending", storageClass.metadata?.name ?? ""),
      ...(isDefaultClass(storageClass) ? claims.byIndex("pending", "") : []),
    ],
  };
}

/** `namespace/name` of the claim that a reference means. */
export function claimKey(reference: { readonly namespace?: string; readonly name?: string }): string {
  return `${reference.namespace ?? ""}/${reference.name ?? ""}`;
}

function isPending({ metadata }: PersistentVolumeClaim): boolean {
  return metadata?.annotations?.[bindCompleted] === undefined;
}
