import type { Profile } from "../framework/plugin.ts";
import { defaultSchedulerName } from "../limits.ts";
import { defaultPreemption } from "../preemption/default-preemption.ts";
import { imageLocality } from "./image-locality.ts";
import { interPodAffinity } from "./inter-pod-affinity/inter-pod-affinity.ts";
import { nodeAffinity } from "./node-affinity.ts";
import { nodePorts } from "./node-ports.ts";
import { nodeResourcesBalanced } from "./node-resources-balanced.ts";
import { nodeResourcesFit } from "./node-resources-fit.ts";
import { nodeUnschedulable } from "./node-unschedulable.ts";
import { podTopologySpread } from "./pod-topology-spread/pod-topology-spread.ts";
import { schedulingGates } from "./scheduling-gates.ts";
import { taintToleration } from "./taint-toleration.ts";
import { nodeVolumeLimits } from "./volumes/node-volume-limits.ts";
import { volumeBinding } from "./volumes/volume-binding.ts";
import { volumeRestrictions } from "./volumes/volume-restrictions.ts";
import { volumeZone } from "./volumes/volume-zone.ts";

/** The rules of `default-scheduler`. Filters run in this order, the first that refuses a node names the reason. A new plugin is added here. */
export const defaultProfile: Profile = {
  schedulerName: defaultSchedulerName,
  plugins: [
    schedulingGates,
    nodeUnschedulable,
    taintToleration,
    nodeAffinity,
    nodePorts,
    nodeResourcesFit,
    volumeRestrictions,
    nodeVolumeLimits,
    volumeBinding,
    volumeZone,
    podTopologySpread,
    interPodAffinity,
    nodeResourcesBalanced,
    imageLocality,
    defaultPreemption(),
  ],
  percentageOfNodesToScore: 0,
};
