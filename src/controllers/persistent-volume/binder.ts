import {
  betaStorageProvisioner,
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
import { timestamp } from "#base";
import { type EventRecorder, keyOf, type ResourceClient } from "#client";
import type { ControllerContext } from "../context.ts";
import type { Note } from "../shared/note.ts";
import type { ClaimStep } from "./decide-claim.ts";
import type { VolumeStep } from "./decide-volume.ts";
import { boundStatus, unboundStatus, volumeStatus, withVolume } from "./statuses.ts";

/** Writes what was decided for claims and volumes, and tells people. */
export class Binder {
  readonly #context: ControllerContext;
  readonly #recorder: EventRecorder;
  readonly #volumes: ResourceClient<PersistentVolume>;
  readonly #taken = new Set<string>();
  /** What was said last to the claims that wait: a claim is looked at whenever a volume might be for it. */
  readonly #said = new Map<string, Note>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#recorder = context.recorder("persistentvolume-controller");
    this.#volumes = context.client.resource(persistentVolumes);
  }

  /** Names of volumes that a claim is getting right now: two claims are looked at side by side. */
  get taken(): ReadonlySet<string> {
    return this.#taken;
  }

  /** The claim is gone. */
  forget(key: string): void {
    this.#said.delete(key);
  }

  async takeClaimStep(claim: PersistentVolumeClaim, step: ClaimStep): Promise<void> {
    if (step.type !== "lose") this.#tellOnce(claim, "note" in step ? step.note : undefined);
    switch (step.type) {
      case "bind":
        return this.#bindAlone(claim, step.volume);
      case "useClass":
        await this.#claims(claim).update({ ...claim, spec: { ...claim.spec, storageClassName: step.name } });
        return;
      case "provision":
        return this.#askProvisioner(claim, step.provisioner);
      case "wait":
        return this.#setClaimStatus(claim, unboundStatus(claim, "Pending"));
      case "lose":
        if (claim.status?.phase !== "Lost") this.#tellClaim(claim, step.note);
        return this.#setClaimStatus(claim, unboundStatus(claim, "Lost"));
    }
  }

  /** `claim` is the one that the volume's reference means. */
  async takeVolumeStep(
    volume: PersistentVolume,
    step: VolumeStep,
    claim: PersistentVolumeClaim | undefined,
  ): Promise<void> {
    switch (step.type) {
      case "phase":
        return this.#setPhase(volume, step.phase, step.note);
      case "release":
        await this.#volumes.update(withoutClaim(volume));
        return;
      case "mismatch":
        this.#tellVolume(volume, step.note);
        if (claim) this.#tellClaim(claim, step.claimNote);
        return;
      case "nothing":
        return;
    }
  }

  async #bindAlone(claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<void> {
    const name = volume.metadata?.name ?? "";
    this.#taken.add(name);
    try {
      await this.#bind(claim, volume);
    } finally {
      this.#taken.delete(name);
    }
  }

  /** The volume first: once it has the claim's reference, nobody else takes it, and everything after can be done again. */
  async #bind(claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<void> {
    const kept = withClaim(volume, claim);
    const owned = kept ? await this.#volumes.update(kept) : volume;
    await this.#setPhase(owned, "Bound");
    const named = withVolume(claim, volume);
    const bound = named ? await this.#claims(claim).update(named) : claim;
    await this.#setClaimStatus(bound, boundStatus(bound, volume));
  }

  async #askProvisioner(claim: PersistentVolumeClaim, provisioner: string): Promise<void> {
    const annotations = claim.metadata?.annotations ?? {};
    if (annotations[storageProvisioner] === provisioner) return;
    const asked = { [storageProvisioner]: provisioner, [betaStorageProvisioner]: provisioner };
    const metadata = { ...claim.metadata, annotations: { ...annotations, ...asked } };
    await this.#claims(claim).update({ ...claim, metadata });
  }

  async #setClaimStatus(claim: PersistentVolumeClaim, status: PersistentVolumeClaimStatus): Promise<void> {
    if (!jsonEqual(status, claim.status)) await this.#claims(claim).updateStatus({ ...claim, status });
  }

  async #setPhase(volume: PersistentVolume, phase: string, note?: Note): Promise<void> {
    const status = volumeStatus(volume, phase, { note, now: timestamp(this.#context.clock) });
    if (jsonEqual(status, volume.status)) return;
    await this.#volumes.updateStatus({ ...volume, status });
    if (note) this.#tellVolume(volume, note);
  }

  #claims({ metadata }: PersistentVolumeClaim): ResourceClient<PersistentVolumeClaim> {
    return this.#context.client.resource(persistentVolumeClaims, metadata?.namespace);
  }

  #tellOnce(claim: PersistentVolumeClaim, note: Note | undefined): void {
    const key = keyOf(claim);
    if (note && !jsonEqual(this.#said.get(key), note)) this.#tellClaim(claim, note);
    if (note) this.#said.set(key, note);
    else this.#said.delete(key);
  }

  #tellClaim(claim: PersistentVolumeClaim, note: Note): void {
    this.#recorder.record({ ...claim, apiVersion: "v1", kind: "PersistentVolumeClaim" }, note);
  }

  #tellVolume(volume: PersistentVolume, note: Note): void {
    this.#recorder.record({ ...volume, apiVersion: "v1", kind: "PersistentVolume" }, note);
  }
}
