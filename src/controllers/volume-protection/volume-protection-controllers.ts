import {
  claimProtection,
  claimsOfPod,
  type KubernetesObject,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  type Resource,
  volumeProtection,
} from "#api";
import { isNotFound } from "#base";
import { type Controller, controller, watch } from "#reconcile";
import type { ControllerContext } from "../context.ts";
import { podInformer } from "../shared/pods.ts";
import { decideProtection, isVolumeUsed, usesClaim } from "./decide.ts";

/** A deleted claim stays until no pod uses it. */
export function claimProtectionController({ client, informers }: ControllerContext): Controller {
  const claims = informers.of(persistentVolumeClaims);
  const allPods = podInformer(informers);

  /** A pod may have come that the cache does not know yet: only the server's word lets a claim go. */
  const isReallyUsed = async (claim: PersistentVolumeClaim): Promise<boolean> => {
    const { items } = await client.resource(pods, claim.metadata?.namespace).list();
    return items.some((pod) => usesClaim(pod, claim));
  };

  return controller({
    name: "pvc-protection",
    watches: [
      watch(claims),
      watch(allPods, {
        keys: (pod) => claimsOfPod(pod).map(({ claim }) => `${pod.metadata?.namespace}/${claim}`),
        when: (pod, old) =>
          pod.metadata?.deletionGracePeriodSeconds !== old.metadata?.deletionGracePeriodSeconds,
      }),
    ],
    reconcile: async (key) => {
      const claim = claims.getByKey(key);
      if (!claim) return undefined;
      const isUsed = allPods.byIndex("claim", key).some((pod) => usesClaim(pod, claim));
      const protection = decideProtection(claim.metadata, claimProtection, { isUsed });
      if (protection === "remove" && (await isReallyUsed(claim))) return undefined;
      if (protection !== "keep")
        await writeFinalizer(
          { client, resource: persistentVolumeClaims, object: claim },
          claimProtection,
          protection,
        );
      return undefined;
    },
  });
}

/** A deleted volume stays while it is bound. */
export function volumeProtectionController({ client, informers }: ControllerContext): Controller {
  const volumes = informers.of(persistentVolumes);
  return controller({
    name: "pv-protection",
    watches: [watch(volumes)],
    reconcile: async (name) => {
      const volume = volumes.get(name);
      if (!volume) return undefined;
      const protection = decideProtection(volume.metadata, volumeProtection, {
        isUsed: isVolumeUsed(volume),
      });
      if (protection !== "keep")
        await writeFinalizer(
          { client, resource: persistentVolumes, object: volume },
          volumeProtection,
          protection,
        );
      return undefined;
    },
  });
}

async function writeFinalizer<T extends KubernetesObject>(
  { client, resource, object }: { client: ControllerContext["client"]; resource: Resource<T>; object: T },
  finalizer: string,
  change: "add" | "remove",
): Promise<void> {
  const present = object.metadata?.finalizers ?? [];
  const finalizers = change === "add" ? [...present, finalizer] : present.filter((one) => one !== finalizer);
  await client
    .resource(resource, object.metadata?.namespace)
    .update({ ...object, metadata: { ...object.metadata, finalizers } })
    .catch((error) => {
      if (!isNotFound(error)) throw error;
    });
}
