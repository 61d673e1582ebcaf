import type { PersistentVolume, PersistentVolumeClaim } from "#api";
import { keyOf } from "#client";
import type { Cluster } from "../../framework/cluster.ts";

/** What a pod's claims get on the node that was chosen for it. */
export interface VolumeChoice {
  readonly bindings: readonly { readonly claim: PersistentVolumeClaim; readonly volume: PersistentVolume }[];
  /** Claims for which volumes are to be made on the node. */
  readonly provisions: readonly PersistentVolumeClaim[];
}

interface Reservation {
  readonly nodeName: string;
  readonly choice: VolumeChoice;
}

/**
 * What pods that have been decided are about to get, until it is written: no other pod is promised the same volume, and pods that share a
 * claim go to the same node.
 */
export class VolumeReservations {
  readonly #byPod = new Map<string, Reservation>();
  readonly #volumes = new Map<string, string>();
  readonly #claims = new Map<string, string>();
  #version = 0;

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  of(podUid: string): Reservation | undefined {
    return this.#byPod.get(podUid);
  }

  /** Whether another claim is about to get the volume. */
  isTaken(volume: PersistentVolume): boolean {
    return this.#volumes.has(volume.metadata?.name ?? "");
  }

  /** Where the claim's volume is about to be. */
  nodeOf(claim: PersistentVolumeClaim): string | undefined {
    const pod = this.#claims.get(keyOf(claim));
    return pod === undefined ? undefined : this.#byPod.get(pod)?.nodeName;
  }

  take(podUid: string, reservation: Reservation): void {
    const { bindings, provisions } = reservation.choice;
    this.#byPod.set(podUid, reservation);
    for (const { volume } of bindings) this.#volumes.set(volume.metadata?.name ?? "", podUid);
    for (const claim of [...bindings.map((one) => one.claim), ...provisions])
      this.#claims.set(keyOf(claim), podUid);
    this.#version += 1;
  }

  release(podUid: string): void {
    if (!this.#byPod.delete(podUid)) return;
    for (const promised of [this.#volumes, this.#claims]) {
      for (const [name, pod] of promised) if (pod === podUid) promised.delete(name);
    }
    this.#version += 1;
  }
}

const known = new WeakMap<Cluster, VolumeReservations>();

export function reservationsIn(cluster: Cluster): VolumeReservations {
  const found = known.get(cluster) ?? new VolumeReservations();
  known.set(cluster, found);
  return found;
}
