import {
  betaStorageProvisioner,
  classOfClaim,
  defaultClass,
  jsonEqual,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type PersistentVolumeClaimStatus,
  persistentVolumeClaims,
  persistentVolumes,
  storageProvisioner,
  withClaim,
  withoutClaim,
} from "#api";
import { isNotFound, timestamp } from "#base";
import { keyOf } from "#client";
import { type Controller, controller, watch } from "#reconcile";
import type { ControllerContext } from "../context.ts";
import type { Note } from "../shared/note.ts";
import { podInformer } from "../shared/pods.ts";
import { type ClaimStep, decideClaim } from "./decide-claim.ts";
import { decideVolume, type VolumeStep } from "./decide-volume.ts";
import { boundStatus, unboundStatus, volumeStatus, withVolume } from "./statuses.ts";
import { claimKey, storageView } from "./storage-view.ts";

/**
 * Brings claims and volumes together, and says of both what they are. Keys are `claim/NAMESPACE/NAME` and `volume/NAME`: what is written of
 * one is read from the other, in any order, and a crash between two writes leaves nothing that the next look would not complete.
 */
export function persistentVolumeController(context: ControllerContext): Controller {
  const { client, informers, clock } = context;
  const recorder = context.recorder("persistentvolume-controller");
  const view = storageView(informers);
  const { claims, volumes, classes } = view;
  const allPods = podInformer(informers);
  /** Names of volumes that a claim is getting right now: two claims are looked at side by side. */
  const taken = new Set<string>();

  /** What was said last to the claims that wait: a claim is looked at whenever a volume might be for it. */
  const said = new Map<string, Note>();

  const tellClaim = (claim: PersistentVolumeClaim, note: Note) =>
    recorder.record({ ...claim, apiVersion: "v1", kind: "PersistentVolumeClaim" }, note);
  const tellOnce = (claim: PersistentVolumeClaim, note: Note | undefined) => {
    const key = keyOf(claim);
    if (note && !jsonEqual(said.get(key), note)) tellClaim(claim, note);
    if (note) said.set(key, note);
    else said.delete(key);
  };
  const tellVolume = (volume: PersistentVolume, note: Note) =>
    recorder.record({ ...volume, apiVersion: "v1", kind: "PersistentVolume" }, note);
  const claimsIn = (claim: PersistentVolumeClaim) =>
    client.resource(persistentVolumeClaims, claim.metadata?.namespace);

  const setClaimStatus = async (
    claim: PersistentVolumeClaim,
    status: PersistentVolumeClaimStatus,
  ): Promise<void> => {
    if (!jsonEqual(status, claim.status)) await claimsIn(claim).updateStatus({ ...claim, status });
  };

  const setPhase = async (volume: PersistentVolume, phase: string, note?: Note): Promise<void> => {
    const status = volumeStatus(volume, phase, { note, now: timestamp(clock) });
    if (jsonEqual(status, volume.status)) return;
    await client.resource(persistentVolumes).updateStatus({ ...volume, status });
    if (note) tellVolume(volume, note);
  };

  /** The volume first: once it has the claim's reference, nobody else takes it, and everything after can be done again. */
  const bind = async (claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<void> => {
    const kept = withClaim(volume, claim);
    const owned = kept ? await client.resource(persistentVolumes).update(kept) : volume;
    await setPhase(owned, "Bound");
    const named = withVolume(claim, volume);
    const bound = named ? await claimsIn(claim).update(named) : claim;
    await setClaimStatus(bound, boundStatus(bound, volume));
  };

  const askProvisioner = async (claim: PersistentVolumeClaim, provisioner: string): Promise<void> => {
    const annotations = claim.metadata?.annotations ?? {};
    if (annotations[storageProvisioner] === provisioner) return;
    const asked = { [storageProvisioner]: provisioner, [betaStorageProvisioner]: provisioner };
    const metadata = { ...claim.metadata, annotations: { ...annotations, ...asked } };
    await claimsIn(claim).update({ ...claim, metadata });
  };

  const takeClaimStep = async (claim: PersistentVolumeClaim, step: ClaimStep): Promise<void> => {
    switch (step.type) {
      case "bind": {
        said.delete(keyOf(claim));
        const name = step.volume.metadata?.name ?? "";
        taken.add(name);
        try {
          return await bind(claim, step.volume);
        } finally {
          taken.delete(name);
        }
      }
      case "useClass":
        await claimsIn(claim).update({ ...claim, spec: { ...claim.spec, storageClassName: step.name } });
        return;
      case "provision":
        tellOnce(claim, step.note);
        return askProvisioner(claim, step.provisioner);
      case "wait":
        tellOnce(claim, step.note);
        return setClaimStatus(claim, unboundStatus(claim, "Pending"));
      case "lose":
        if (claim.status?.phase !== "Lost") tellClaim(claim, step.note);
        return setClaimStatus(claim, unboundStatus(claim, "Lost"));
    }
  };

  const takeVolumeStep = async (
    volume: PersistentVolume,
    step: VolumeStep,
    claim: PersistentVolumeClaim | undefined,
  ): Promise<void> => {
    switch (step.type) {
      case "phase":
        return setPhase(volume, step.phase, step.note);
      case "release":
        await client.resource(persistentVolumes).update(withoutClaim(volume));
        return;
      case "mismatch":
        tellVolume(volume, step.note);
        if (claim) tellClaim(claim, step.claimNote);
        return;
      case "nothing":
        return;
    }
  };

  /**
   * The claim that a volume's reference means. Others write references, too, and this cache of claims may be behind theirs: before a volume
   * is given up, the server itself is asked.
   */
  const claimOf = async (volume: PersistentVolume): Promise<PersistentVolumeClaim | undefined> => {
    const reference = volume.spec?.claimRef;
    if (!reference?.uid) return undefined;
    const known = claims.getByKey(claimKey(reference));
    if (known?.metadata?.uid === reference.uid) return known;
    if (volume.status?.phase === "Released" || volume.status?.phase === "Failed") return undefined;
    const fresh = await client
      .resource(persistentVolumeClaims, reference.namespace)
      .get(reference.name ?? "")
      .catch((error) => {
        if (isNotFound(error)) return undefined;
        throw error;
      });
    return fresh?.metadata?.uid === reference.uid ? fresh : undefined;
  };

  const syncClaim = async (key: string): Promise<void> => {
    const claim = claims.getByKey(key);
    if (!claim) {
      said.delete(key);
      return;
    }
    const step = decideClaim({
      claim,
      named: claim.spec?.volumeName ? volumes.get(claim.spec.volumeName) : undefined,
      candidates: view.candidatesFor(claim),
      taken,
      storageClass: classes.get(classOfClaim(claim)),
      defaultClass: defaultClass(classes.values())?.metadata?.name,
      waitingPods: allPods
        .byIndex("claim", key)
        .filter((pod) => !pod.spec?.nodeName)
        .map((pod) => pod.metadata?.name ?? ""),
    });
    await takeClaimStep(claim, step);
  };

  const syncVolume = async (name: string): Promise<void> => {
    const volume = volumes.get(name);
    if (!volume) return;
    const claim = await claimOf(volume);
    await takeVolumeStep(volume, decideVolume(volume, claim), claim);
  };

  return controller({
    name: "persistent-volume-binder",
    watches: [
      watch(claims, {
        keys: (claim) => [keyOfClaim(claim), ...view.volumesOf(claim).map(keyOfVolume), ...namedBy(claim)],
      }),
      watch(volumes, { keys: (volume) => [keyOfVolume(volume), ...view.claimsFor(volume).map(keyOfClaim)] }),
      watch(classes, { keys: (storageClass) => view.pendingIn(storageClass).map(keyOfClaim) }),
    ],
    reconcile: async (key) => {
      if (key.startsWith(claimPrefix)) await syncClaim(key.slice(claimPrefix.length));
      else await syncVolume(key.slice(volumePrefix.length));
      return undefined;
    },
  });
}

const claimPrefix = "claim/";
const volumePrefix = "volume/";

function keyOfClaim(claim: PersistentVolumeClaim): string {
  return `${claimPrefix}${keyOf(claim)}`;
}

function keyOfVolume(volume: PersistentVolume): string {
  return `${volumePrefix}${keyOf(volume)}`;
}

function namedBy({ spec }: PersistentVolumeClaim): string[] {
  return spec?.volumeName ? [`${volumePrefix}${spec.volumeName}`] : [];
}
