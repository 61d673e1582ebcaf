import { classOfClaim, fittingVolumes, type PersistentVolume, type PersistentVolumeClaim } from "#api";
import { keyOf } from "#client";
import type { Cluster } from "../../framework/cluster.ts";
import type { NodeIndex } from "../../framework/plugin.ts";
import { placeOf, volumeNodesIn } from "./volume-nodes.ts";

/** What claims could get, by what they ask for: claims that ask for the same share it. Worked out anew when a volume has changed. */
export class FreeVolumes {
  readonly #cluster: Cluster;
  readonly #kept = new Map<string, PersistentVolume[]>();
  readonly #fitting = new Map<string, FittingVolumes>();
  #free: PersistentVolume[] = [];
  #version = -1;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** The volume that has the claim's reference. */
  keptFor(claim: PersistentVolumeClaim): PersistentVolume | undefined {
    this.#takeIn();
    return fittingVolumes(claim, this.#kept.get(keyOf(claim)) ?? []).kept;
  }

  fittingFor(claim: PersistentVolumeClaim): FittingVolumes {
    this.#takeIn();
    const { accessModes, resources, selector, volumeMode, volumeAttributesClassName } = claim.spec ?? {};
    const wanted = [
      classOfClaim(claim),
      accessModes,
      resources?.requests?.storage,
      selector,
      volumeMode,
      volumeAttributesClassName,
    ];
    const key = JSON.stringify(wanted);
    const known = this.#fitting.get(key);
    if (known) return known;
    const made = new FittingVolumes(fittingVolumes(claim, this.#free).free, this.#cluster);
    this.#fitting.set(key, made);
    return made;
  }

  #takeIn(): void {
    const { persistentVolumes } = this.#cluster.listers;
    if (this.#version === persistentVolumes.version) return;
    this.#version = persistentVolumes.version;
    this.#kept.clear();
    this.#fitting.clear();
    this.#free = [];
    for (const volume of persistentVolumes.list()) {
      const reference = volume.spec?.claimRef;
      if (!reference) {
        this.#free.push(volume);
        continue;
      }
      const key = `${reference.namespace}/${reference.name}`;
      const kept = this.#kept.get(key) ?? [];
      this.#kept.set(key, kept);
      kept.push(volume);
    }
  }
}

/** Volumes that fit claims which ask for the same, the best first; sorted by where they are, so that a node need not be held against all. */
export class FittingVolumes {
  readonly #cluster: Cluster;
  /** By label and its value; with its place in the order. */
  readonly #byPlace = new Map<string, Map<string, Ranked[]>>();
  /** Those whose affinity says anything else, or nothing. */
  readonly #others: Ranked[] = [];

  constructor(volumes: readonly PersistentVolume[], cluster: Cluster) {
    this.#cluster = cluster;
    for (const [rank, volume] of volumes.entries()) this.#listFor(volume).push({ rank, volume });
  }

  /** The best one that can be used on the node. */
  bestOn(node: NodeIndex, isFree: (volume: PersistentVolume) => boolean): PersistentVolume | undefined {
    const nodes = volumeNodesIn(this.#cluster);
    let best = this.#others.find(({ volume }) => isFree(volume) && nodes.isUsableOn(volume, node));
    const labels = this.#cluster.nodes.labels.of(node);
    for (const [key, byValue] of this.#byPlace) {
      const value = labels[key];
      const there =
        value === undefined ? undefined : byValue.get(value)?.find(({ volume }) => isFree(volume));
      if (there && (!best || there.rank < best.rank)) best = there;
    }
    return best?.volume;
  }

  #listFor(volume: PersistentVolume): Ranked[] {
    const place = placeOf(volume);
    if (!place) return this.#others;
    const byValue = this.#byPlace.get(place.key) ?? new Map<string, Ranked[]>();
    this.#byPlace.set(place.key, byValue);
    const list = byValue.get(place.value) ?? [];
    byValue.set(place.value, list);
    return list;
  }
}

interface Ranked {
  readonly rank: number;
  readonly volume: PersistentVolume;
}

const known = new WeakMap<Cluster, FreeVolumes>();

export function freeVolumesIn(cluster: Cluster): FreeVolumes {
  const found = known.get(cluster) ?? new FreeVolumes(cluster);
  known.set(cluster, found);
  return found;
}
