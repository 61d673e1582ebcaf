import type { Cluster } from "../../framework/cluster.ts";
import { type Filter, type Plugin, rejection } from "../../framework/plugin.ts";
import type { PodShape } from "../../framework/pod-shape.ts";
import { conflict, disksOf } from "./disks.ts";

const diskInUse = rejection("node(s) had no available disk", { isResolvable: true });
const claimInUse = rejection(
  "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode",
  { isResolvable: true },
);

/** A claim of mode ReadWriteOncePod has one pod; a disk that cannot be mounted twice is on a node once. */
export const volumeRestrictions: Plugin = {
  name: "VolumeRestrictions",
  filter(shape, cluster) {
    const disks = disksOf(shape.volumes);
    if (disks.length > 0) return diskFilter(disks, cluster);
    return exclusiveClaims(shape, cluster).length > 0 ? claimFilter(shape, cluster) : undefined;
  },
  inputs: (shape, cluster) => exclusiveClaims(shape, cluster).join(","),
  mayHelp(event, shape, cluster) {
    if (event.type === "object-changed")
      return (
        event.resource === "persistentvolumeclaims" &&
        event.object.metadata?.namespace === shape.namespace &&
        shape.claims.some(({ claim }) => claim === event.object.metadata?.name)
      );
    if (event.type !== "pod-removed") return false;
    const left = event.pod.shape;
    if (
      left.namespace === shape.namespace &&
      exclusiveClaims(shape, cluster).some((name) => uses(left, name))
    )
      return true;
    const gone = disksOf(left.volumes);
    return disksOf(shape.volumes).some((disk) => gone.some((other) => conflict(disk, other)));
  },
};

function uses({ claims }: PodShape, name: string): boolean {
  return claims.some(({ claim }) => claim === name);
}

/** Names of the claims that only one pod may use. */
function exclusiveClaims({ namespace, claims }: PodShape, { listers }: Cluster): string[] {
  return claims
    .map(({ claim }) => claim)
    .filter((name) =>
      listers.persistentVolumeClaims.get(namespace, name)?.spec?.accessModes?.includes("ReadWriteOncePod"),
    );
}

/** Asked at every decision anew: the pod that uses the claim may be on any node. */
function claimFilter(shape: PodShape, cluster: Cluster): Filter {
  const keys = exclusiveClaims(shape, cluster).map((name) => `${shape.namespace}/${name}`);
  return {
    by: "traits",
    traits: [],
    refuse: () => (keys.some((key) => cluster.claimUsers.count(key) > 0) ? claimInUse : undefined),
  };
}

function diskFilter(disks: ReturnType<typeof disksOf>, cluster: Cluster): Filter {
  return {
    by: "node",
    refuse(node) {
      for (const { shape } of cluster.podsOn(node)) {
        const others = disksOf(shape.volumes);
        if (others.some((other) => disks.some((disk) => conflict(disk, other)))) return diskInUse;
      }
      return undefined;
    },
  };
}
