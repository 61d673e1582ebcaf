import type { Controller } from "#reconcile";
import type { ControllerContext } from "./context.ts";
import { cronJobController } from "./cronjob/cronjob-controller.ts";
import { daemonSetController } from "./daemonset/daemonset-controller.ts";
import { deploymentController } from "./deployment/deployment-controller.ts";
import { disruptionController } from "./disruption/disruption-controller.ts";
import { staleDisruptionController } from "./disruption/stale-disruption-controller.ts";
import { endpointSliceController } from "./endpointslice/endpointslice-controller.ts";
import { endpointSliceMirroringController } from "./endpointslice-mirroring/endpointslice-mirroring-controller.ts";
import { ephemeralVolumeController } from "./ephemeral-volume/ephemeral-volume-controller.ts";
import { garbageCollector } from "./garbage-collector/garbage-collector.ts";
import { Inventory } from "./inventory/inventory.ts";
import { jobController } from "./job/job-controller.ts";
import { jobOrphanController } from "./job/job-orphan-controller.ts";
import { localVolumeController } from "./local-volume/local-volume-controller.ts";
import { namespaceController } from "./namespace/namespace-controller.ts";
import { nodeLifecycleController } from "./node-lifecycle/node-lifecycle-controller.ts";
import { persistentVolumeController } from "./persistent-volume/persistent-volume-controller.ts";
import { podGarbageCollector } from "./pod-garbage-collector/pod-garbage-collector.ts";
import { replicaSetController } from "./replicaset/replicaset-controller.ts";
import {
  rootCertificateController,
  serviceAccountController,
} from "./service-account/service-account-controller.ts";
import { statefulSetController } from "./statefulset/statefulset-controller.ts";
import { ttlAfterFinishedController } from "./ttl-after-finished/ttl-after-finished-controller.ts";
import {
  claimProtectionController,
  volumeProtectionController,
} from "./volume-protection/volume-protection-controllers.ts";

export interface BuiltInOptions {
  /** The cluster's certificate authority, PEM. */
  readonly authority: string;
}

/** All built-in controllers. A new one is added here. */
export function builtInControllers(
  context: ControllerContext,
  options: BuiltInOptions,
): readonly Controller[] {
  // First those that watch kinds in full: the inventory shares what is there.
  const controllers = [
    deploymentController(context),
    replicaSetController(context),
    statefulSetController(context),
    daemonSetController(context),
    jobController(context),
    jobOrphanController(context),
    cronJobController(context),
    ttlAfterFinishedController(context),
    endpointSliceController(context),
    endpointSliceMirroringController(context),
    serviceAccountController(context),
    rootCertificateController(context, options),
    nodeLifecycleController(context),
    podGarbageCollector(context),
    disruptionController(context),
    staleDisruptionController(context),
    persistentVolumeController(context),
    localVolumeController(context),
    ephemeralVolumeController(context),
    claimProtectionController(context),
    volumeProtectionController(context),
  ];
  const inventory = new Inventory(context);
  return [...controllers, garbageCollector(context, inventory), namespaceController(context, inventory)];
}
