import {
  classOfClaim,
  defaultClass,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
} from "#api";
import { isNotFound } from "#base";
import { keyOf } from "#client";
import { type Controller, controller, watch } from "#reconcile";
import type { ControllerContext } from "../context.ts";
import { podInformer } from "../shared/pods.ts";
import { Binder } from "./binder.ts";
import { decideClaim } from "./decide-claim.ts";
import { decideVolume } from "./decide-volume.ts";
import { claimKey, storageView } from "./storage-view.ts";

/**
 * Brings claims and volumes together, and says of both what they are. Keys are `claim/NAMESPACE/NAME` and `volume/NAME`: what is written of
 * one is read from the other, in any order, and a crash between two writes leaves nothing that the next look would not complete.
 */
export function persistentVolumeController(context: ControllerContext): Controller {
  const view = storageView(context.informers);
  const { claims, volumes, classes } = view;
  const allPods = podInformer(context.informers);
  const binder = new Binder(context);

  const syncClaim = async (key: string): Promise<void> => {
    const claim = claims.getByKey(key);
    if (!claim) {
      binder.forget(key);
      return;
    }
    const waiting = allPods.byIndex("claim", key).filter((pod) => !pod.spec?.nodeName);
    const step = decideClaim({
      claim,
      named: claim.spec?.volumeName ? volumes.get(claim.spec.volumeName) : undefined,
      candidates: view.candidatesFor(claim),
      taken: binder.taken,
      storageClass: classes.get(classOfClaim(claim)),
      defaultClass: defaultClass(classes.values())?.metadata?.name,
      waitingPods: waiting.map((pod) => pod.metadata?.name ?? ""),
    });
    await binder.takeClaimStep(claim, step);
  };

  /**
   * The claim that a volume's reference means. Others write references, too, and this cache of claims may be behind theirs: before a volume
   * is given up, the server itself is asked.
   */
  const claimOf = async ({ spec, status }: PersistentVolume): Promise<PersistentVolumeClaim | undefined> => {
    const reference = spec?.claimRef;
    if (!reference?.uid) return undefined;
    const known = claims.getByKey(claimKey(reference));
    if (known?.metadata?.uid === reference.uid) return known;
    if (status?.phase === "Released" || status?.phase === "Failed") return undefined;
    const api = context.client.resource(persistentVolumeClaims, reference.namespace);
    const fresh = await api.get(reference.name ?? "").catch((error) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    return fresh?.metadata?.uid === reference.uid ? fresh : undefined;
  };

  const syncVolume = async (name: string): Promise<void> => {
    const volume = volumes.get(name);
    if (!volume) return;
    const claim = await claimOf(volume);
    await binder.takeVolumeStep(volume, decideVolume(volume, claim), claim);
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
