import { modeOf, type PersistentVolume, type PersistentVolumeClaim, provisionedBy } from "#api";
import { type Note, warning } from "../shared/note.ts";

/**
 * What to do for a volume next.
 *
 * - `phase`: say what it is; a failure with its reason.
 * - `release`: it was kept for a claim that has another volume.
 * - `nothing`: the claim's step is next, or somebody else's.
 */
export type VolumeStep =
  | { readonly type: "phase"; readonly phase: string; readonly note?: Note }
  | { readonly type: "release" }
  | { readonly type: "mismatch"; readonly note: Note; readonly claimNote: Note }
  | { readonly type: "nothing" };

/**
 * ```
 *              claimed                 claim gone               Delete, and its provisioner removes it
 *   Available ─────────► Bound ──────────────────► Released ──────────────────────────► (gone)
 *       ▲                                             │
 *       └── a person takes the claim's reference out ─┴─► Failed: nobody knows how to remove or empty it
 * ```
 * `claim` is the one that the volume's reference means; undefined when that claim is gone, whoever has its name now.
 */
export function decideVolume(volume: PersistentVolume, claim: PersistentVolumeClaim | undefined): VolumeStep {
  const reference = volume.spec?.claimRef;
  // Without a uid it is kept for a claim of that name, by a person: still free as far as the cluster goes.
  if (!reference?.uid) return { type: "phase", phase: "Available" };
  if (!claim) return reclaim(volume);
  const name = claim.spec?.volumeName;
  if (name === volume.metadata?.name) return { type: "phase", phase: "Bound" };
  if (name) return isProvisioned(volume) && isToDelete(volume) ? reclaim(volume) : { type: "release" };
  return modeOf(volume) === modeOf(claim) ? { type: "nothing" } : mismatch(volume, claim);
}

function reclaim(volume: PersistentVolume): VolumeStep {
  const phase = volume.status?.phase;
  if (phase !== "Released" && phase !== "Failed") return { type: "phase", phase: "Released" };
  if (phase === "Failed") return { type: "nothing" };
  if (volume.spec?.persistentVolumeReclaimPolicy === "Recycle") {
    const note = warning("VolumeFailedRecycle", "No recycler plugin found for the volume!");
    return { type: "phase", phase: "Failed", note };
  }
  if (!isToDelete(volume) || isProvisioned(volume)) return { type: "nothing" };
  const message = `error getting deleter volume plugin for volume "${volume.metadata?.name}": no deletable volume plugin matched`;
  return { type: "phase", phase: "Failed", note: warning("VolumeFailedDelete", message) };
}

function mismatch({ metadata }: PersistentVolume, claim: PersistentVolumeClaim): VolumeStep {
  const { namespace, name } = claim.metadata ?? {};
  return {
    type: "mismatch",
    note: warning(
      "VolumeMismatch",
      `Cannot bind PersistentVolume to requested PersistentVolumeClaim "${namespace}/${name}" due to incompatible volumeMode.`,
    ),
    claimNote: warning(
      "VolumeMismatch",
      `Cannot bind PersistentVolume "${metadata?.name}" to requested PersistentVolumeClaim "${namespace}/${name}" due to incompatible volumeMode.`,
    ),
  };
}

/** Whoever made it also removes it. */
function isProvisioned({ metadata }: PersistentVolume): boolean {
  return metadata?.annotations?.[provisionedBy] !== undefined;
}

function isToDelete({ spec }: PersistentVolume): boolean {
  return spec?.persistentVolumeReclaimPolicy === "Delete";
}
