import { type Pod, pods } from "#api";
import { isNotFound } from "#base";
import type { Client } from "#client";
import { isTracked, trackingFinalizer } from "./tracking.ts";

/** Takes the finalizer from a pod that has it. A pod that is gone needs nothing. */
export async function releasePod(client: Client, pod: Pod): Promise<void> {
  if (!isTracked(pod)) return;
  const { name = "", namespace, uid } = pod.metadata ?? {};
  const patch = { metadata: { uid, "$deleteFromPrimitiveList/finalizers": [trackingFinalizer] } };
  await client
    .resource(pods, namespace)
    .patch(name, { type: "strategic", patch })
    .catch((error) => {
      if (!isNotFound(error)) throw error;
    });
}
