import type { Plugin, Profile } from "../framework/plugin.ts";
import { defaultSchedulerName } from "../limits.ts";
import { type DefaultPreemptionOptions, defaultPreemption } from "../preemption/default-preemption.ts";
import { imageLocality } from "./image-locality.ts";
import { type InterPodAffinityOptions, interPodAffinity } from "./inter-pod-affinity/inter-pod-affinity.ts";
import { nodeAffinity } from "./node-affinity.ts";
import { nodePorts } from "./node-ports.ts";
import { nodeResourcesBalanced } from "./node-resources-balanced.ts";
import { type NodeResourcesFitOptions, nodeResourcesFit } from "./node-resources-fit.ts";
import { nodeUnschedulable } from "./node-unschedulable.ts";
import {
  type PodTopologySpreadOptions,
  podTopologySpread,
} from "./pod-topology-spread/pod-topology-spread.ts";
import { schedulingGates } from "./scheduling-gates.ts";
import { taintToleration } from "./taint-toleration.ts";
import { nodeVolumeLimits } from "./volumes/node-volume-limits.ts";
import { volumeBinding } from "./volumes/volume-binding.ts";
import { volumeRestrictions } from "./volumes/volume-restrictions.ts";
import { volumeZone } from "./volumes/volume-zone.ts";

/** What the plugins of a profile are told, each by its name. */
export interface PluginOptions {
  readonly NodeResourcesFit?: NodeResourcesFitOptions;
  readonly PodTopologySpread?: PodTopologySpreadOptions;
  readonly InterPodAffinity?: InterPodAffinityOptions;
  readonly DefaultPreemption?: DefaultPreemptionOptions;
}

/** All there are. Filters run in this order, the first that refuses a node names the reason. A new plugin is added here. */
export function allPlugins(options: PluginOptions = {}): readonly Plugin[] {
  return [
    schedulingGates,
    nodeUnschedulable,
    taintToleration,
    nodeAffinity,
    nodePorts,
    nodeResourcesFit(options.NodeResourcesFit),
    volumeRestrictions,
    nodeVolumeLimits,
    volumeBinding,
    volumeZone,
    podTopologySpread(options.PodTopologySpread),
    interPodAffinity(options.InterPodAffinity),
    nodeResourcesBalanced,
    imageLocality,
    defaultPreemption(options.DefaultPreemption),
  ];
}

/** The rules of `default-scheduler`, when nobody says otherwise. */
export const defaultProfile: Profile = {
  schedulerName: defaultSchedulerName,
  plugins: allPlugins(),
  percentageOfNodesToScore: 0,
};
