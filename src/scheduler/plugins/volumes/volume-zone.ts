import { jsonEqual, type PersistentVolume } from "#api";
import type { Cluster } from "../../framework/cluster.ts";
import { type Plugin, rejection } from "../../framework/plugin.ts";
import type { PodShape } from "../../framework/pod-shape.ts";

const otherZone = rejection("node(s) had no available volume zone", { isResolvable: false });

/** Labels that say where something is, each with the name that it had before. */
const topologies = [
  ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"],
  ["topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"],
] as const;

/** A pod goes to the zone and the region of its volumes. A node that says nothing of either has all of them. */
export const volumeZone: Plugin = {
  name: "VolumeZone",
  readsClaims: true,
  filter(shape, cluster) {
    const wanted = volumesOf(shape, cluster).flatMap(placesOf);
    if (wanted.length === 0) return undefined;
    return {
      by: "node",
      refuse(node) {
        const labels = cluster.nodes.labels.of(node);
        if (!topologies.flat().some((key) => labels[key] !== undefined)) return undefined;
        const isThere = wanted.every(({ keys, values }) => keys.some((key) => values.has(labels[key] ?? "")));
        return isThere ? undefined : otherZone;
      },
    };
  },
  inputs(shape, cluster) {
    const versions = volumesOf(shape, cluster).map(({ metadata }) => metadata?.resourceVersion);
    return versions.join("/");
  },
  mayHelp(event, shape) {
    if (shape.claims.length === 0) return false;
    if (event.type === "node-added") return true;
    if (event.type === "node-updated")
      return !jsonEqual(event.node.metadata?.labels, event.old.metadata?.labels);
    return (
      event.type === "object-changed" &&
      ["persistentvolumeclaims", "persistentvolumes"].includes(event.resource)
    );
  },
};

interface Place {
  readonly keys: readonly string[];
  readonly values: ReadonlySet<string>;
}

/** A volume may be in several zones: `a__b`. */
function placesOf({ metadata }: PersistentVolume): Place[] {
  return topologies.flatMap((keys) => {
    const text = keys.map((key) => metadata?.labels?.[key]).find((value) => value !== undefined);
    return text === undefined ? [] : [{ keys, values: new Set(text.split("__")) }];
  });
}

function volumesOf({ namespace, claims }: PodShape, { listers }: Cluster): PersistentVolume[] {
  return claims.flatMap(({ claim: name }) => {
    const claim = listers.persistentVolumeClaims.get(namespace, name);
    const volume = listers.persistentVolumes.get("", claim?.spec?.volumeName ?? "");
    return volume ?? [];
  });
}
