import {
  claimsOfPod,
  isClaimForPod,
  isPodTerminal,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  pods,
  type Volume,
} from "#api";
import { isAlreadyExists, messageOf } from "#base";
import { type Controller, controller, watch } from "#reconcile";
import type { ControllerContext } from "../context.ts";
import { controllerReference } from "../shared/claim.ts";
import { warning } from "../shared/note.ts";
import { podInformer } from "../shared/pods.ts";

/** Makes the claims that pods bring along: they belong to their pod and go with it (KEP-1698). */
export function ephemeralVolumeController(context: ControllerContext): Controller {
  const { client, informers } = context;
  const recorder = context.recorder("ephemeral_volume");
  const allPods = podInformer(informers);
  const claims = informers.of(persistentVolumeClaims);

  const create = async (pod: Pod, volume: Volume): Promise<void> => {
    const claim = claimFor(pod, volume);
    const { namespace, name = "" } = claim.metadata ?? {};
    const known = claims.get(name, namespace);
    if (known && isClaimForPod(known, pod)) return;
    try {
      if (known)
        throw new Error(
          `PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata?.name} (pod is not owner)`,
        );
      await client.resource(persistentVolumeClaims, namespace).create(claim);
    } catch (error) {
      const note = warning("FailedBinding", `ephemeral volume ${volume.name}: ${messageOf(error)}`);
      if (!isAlreadyExists(error)) recorder.record({ ...pod, apiVersion: "v1", kind: "Pod" }, note);
      throw error;
    }
  };

  return controller({
    name: "ephemeral-volume",
    watches: [
      watch(allPods, {
        keys: (pod) =>
          claimsOfPod(pod).some(({ isEphemeral }) => isEphemeral)
            ? [`${pod.metadata?.namespace}/${pod.metadata?.name}`]
            : [],
        when: () => false,
      }),
      // A claim that had the name may be gone now.
      watch(claims, {
        keys: (claim) =>
          allPods
            .byIndex("claim", `${claim.metadata?.namespace}/${claim.metadata?.name}`)
            .map((pod) => `${pod.metadata?.namespace}/${pod.metadata?.name}`),
        when: () => false,
      }),
    ],
    reconcile: async (key) => {
      const pod = allPods.getByKey(key);
      if (!pod || pod.metadata?.deletionTimestamp || isPodTerminal(pod)) return undefined;
      for (const volume of pod.spec?.volumes ?? []) if (volume.ephemeral) await create(pod, volume);
      return undefined;
    },
  });
}

function claimFor(pod: Pod, { name, ephemeral }: Volume): PersistentVolumeClaim {
  const { metadata = {}, spec } = ephemeral?.volumeClaimTemplate ?? {};
  const { labels, annotations } = metadata;
  return {
    metadata: {
      name: `${pod.metadata?.name}-${name}`,
      namespace: pod.metadata?.namespace ?? "",
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ownerReferences: [controllerReference(pods, pod)],
    },
    ...(spec ? { spec } : {}),
  };
}
