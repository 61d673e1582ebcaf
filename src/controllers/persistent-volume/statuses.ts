import {
  bindCompleted,
  boundByController,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type PersistentVolumeClaimStatus,
  type PersistentVolumeStatus,
} from "#api";
import type { Note } from "../shared/note.ts";

/** The claim with its volume in it; undefined when it has that already. */
export function withVolume(
  claim: PersistentVolumeClaim,
  volume: PersistentVolume,
): PersistentVolumeClaim | undefined {
  const name = volume.metadata?.name ?? "";
  const annotations = claim.metadata?.annotations ?? {};
  const isNamed = claim.spec?.volumeName === name;
  if (isNamed && annotations[bindCompleted] !== undefined) return undefined;
  return {
    ...claim,
    metadata: {
      ...claim.metadata,
      annotations: {
        ...annotations,
        ...(isNamed ? {} : { [boundByController]: "yes" }),
        [bindCompleted]: "yes",
      },
    },
    spec: { ...claim.spec, volumeName: name },
  };
}

/** The status of a bound claim. Its capacity is what the volume had when they met: from then on growing keeps it. */
export function boundStatus(
  { status }: PersistentVolumeClaim,
  { spec }: PersistentVolume,
): PersistentVolumeClaimStatus {
  const capacity = status?.phase === "Bound" ? (status.capacity ?? spec?.capacity) : spec?.capacity;
  const attributes = spec?.volumeAttributesClassName;
  return {
    ...status,
    phase: "Bound",
    ...(spec?.accessModes ? { accessModes: spec.accessModes } : {}),
    ...(capacity ? { capacity } : {}),
    ...(attributes ? { currentVolumeAttributesClassName: attributes } : {}),
  };
}

/** The status of a claim that has no volume, not yet or not any more. */
export function unboundStatus(
  { status }: PersistentVolumeClaim,
  phase: "Pending" | "Lost",
): PersistentVolumeClaimStatus {
  const { accessModes: _, capacity: __, ...rest } = status ?? {};
  return { ...rest, phase };
}

/** The volume's status in a phase. `now` is when it comes to be in it. */
export function volumeStatus(
  { status }: PersistentVolume,
  phase: string,
  { note, now }: { readonly note: Note | undefined; readonly now: string },
): PersistentVolumeStatus {
  const isSame = status?.phase === phase;
  if (isSame && !note) return status;
  return {
    phase,
    lastPhaseTransitionTime: isSame ? (status.lastPhaseTransitionTime ?? now) : now,
    ...(note ? { reason: note.reason, message: note.message } : {}),
  };
}
