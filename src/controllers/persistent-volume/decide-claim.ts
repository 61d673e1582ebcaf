import {
  bindCompleted,
  boundByController,
  classOfClaim,
  fittingVolumes,
  isVolumeOf,
  mismatchOf,
  namesClass,
  noProvisioner,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
  selectedNode,
  waitsForConsumer,
} from "#api";
import { type Note, normal, warning } from "../shared/note.ts";

/** All that the next step of a claim depends on. */
export interface ClaimWorld {
  readonly claim: PersistentVolumeClaim;
  /** The volume that it names. */
  readonly named: PersistentVolume | undefined;
  /** The free ones of its class, and those kept for it. */
  readonly candidates: Iterable<PersistentVolume>;
  /** Names of volumes that other claims are getting right now. */
  readonly taken: ReadonlySet<string>;
  /** The class that it asks for. */
  readonly storageClass: StorageClass | undefined;
  /** Name of the default class. */
  readonly defaultClass: string | undefined;
  /** Names of the pods that use it and have no node yet. */
  readonly waitingPods: readonly string[];
}

/**
 * What to do for a claim next.
 *
 * - `bind`: make the two one; also when they are already, so that their statuses follow.
 * - `useClass`: the default class came after the claim.
 * - `provision`: ask whose business it is for a volume.
 * - `wait`, `lose`: say so in its phase, `Pending` or `Lost`.
 */
export type ClaimStep =
  | { readonly type: "bind"; readonly volume: PersistentVolume }
  | { readonly type: "useClass"; readonly name: string }
  | { readonly type: "provision"; readonly provisioner: string; readonly note: Note }
  | { readonly type: "wait"; readonly note?: Note }
  | { readonly type: "lose"; readonly note: Note };

export function decideClaim(world: ClaimWorld): ClaimStep {
  const { claim } = world;
  if (claim.metadata?.annotations?.[bindCompleted] !== undefined) return decideBound(world);
  return claim.spec?.volumeName ? decideNamed(world) : decideUnbound(world);
}

/** It had its volume once: that is the only one it will ever have. */
function decideBound({ claim, named }: ClaimWorld): ClaimStep {
  const lost = (reason: string, message: string): ClaimStep => ({
    type: "lose",
    note: warning(reason, message),
  });
  if (!claim.spec?.volumeName)
    return lost(
      "ClaimLost",
      "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!",
    );
  if (!named)
    return lost("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!");
  const reference = named.spec?.claimRef;
  if (!reference || reference.uid === claim.metadata?.uid) return { type: "bind", volume: named };
  return lost("ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly");
}

/** A person said which volume it is to be. */
function decideNamed({ claim, named }: ClaimWorld): ClaimStep {
  if (!named) return { type: "wait" };
  const name = named.metadata?.name;
  if (!named.spec?.claimRef) {
    const mismatch = mismatchOf(named, claim);
    if (mismatch === undefined) return { type: "bind", volume: named };
    const message = `Cannot bind to requested volume "${name}": ${mismatch}`;
    return { type: "wait", note: warning("VolumeMismatch", message) };
  }
  if (isVolumeOf(named, claim)) return { type: "bind", volume: named };
  const message =
    claim.metadata?.annotations?.[boundByController] === undefined
      ? `volume "${name}" already bound to a different claim.`
      : `volume "${name}" was bound to another claim meanwhile.`;
  return { type: "wait", note: warning("FailedBinding", message) };
}

function decideUnbound(world: ClaimWorld): ClaimStep {
  const { claim, candidates, taken, storageClass, defaultClass } = world;
  const isLate = waitsForConsumer(storageClass);
  const { kept, free } = fittingVolumes(claim, candidates);
  // What waits for a pod is bound where that pod goes: the scheduler keeps a volume for it.
  const volume = kept ?? (isLate ? undefined : free.find(({ metadata }) => !taken.has(metadata?.name ?? "")));
  if (volume) return { type: "bind", volume };
  if (!namesClass(claim) && defaultClass !== undefined) return { type: "useClass", name: defaultClass };
  if (isLate && claim.metadata?.annotations?.[selectedNode] === undefined)
    return { type: "wait", note: waitingNote(world) };
  const wanted = classOfClaim(claim);
  if (wanted) return decideProvisioning(wanted, storageClass);
  const message = "no persistent volumes available for this claim and no storage class is set";
  return { type: "wait", note: normal("FailedBinding", message) };
}

function waitingNote({ waitingPods }: ClaimWorld): Note {
  if (waitingPods.length === 0)
    return normal("WaitForFirstConsumer", "waiting for first consumer to be created before binding");
  const pods = `${waitingPods.length > 1 ? "pods" : "pod"} ${waitingPods.join(",")}`;
  return normal("WaitForPodScheduled", `waiting for ${pods} to be scheduled`);
}

function decideProvisioning(name: string, storageClass: StorageClass | undefined): ClaimStep {
  const failed = (message: string): ClaimStep => ({
    type: "wait",
    note: warning("ProvisioningFailed", message),
  });
  if (!storageClass) return failed(`storageclass.storage.k8s.io "${name}" not found`);
  const { provisioner } = storageClass;
  if (provisioner === noProvisioner) return failed(`no volume plugin matched name: ${noProvisioner}`);
  const message = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
  return { type: "provision", provisioner, note: normal("ExternalProvisioning", message) };
}
