import type { Cluster } from "../../framework/cluster.ts";
import { leaving } from "../../framework/leaving.ts";
import { type Filter, type NodeIndex, type Plugin, rejection } from "../../framework/plugin.ts";
import type { PodShape } from "../../framework/pod-shape.ts";
import { conflict, type Disk, disksOf } from "./disks.ts";

const diskInUse = rejection("node(s) had no available disk", { isResolvable: true });
const claimInUse = rejection(
  "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode",
  { isResolvable: true },
);

/** A claim of mode ReadWriteOncePod has one pod; a disk that cannot be mounted twice is on a node once. */
export const volumeRestrictions: Plugin = {
  name: "VolumeRestrictions",
  readsClaims: true,
  filter(shape, cluster) {
    const disks = disksOf(shape.volumes);
    const exclusive = exclusiveClaims(shape, cluster).map((name) => `${shape.namespace}/${name}`);
    if (disks.length === 0 && exclusive.length === 0) return undefined;
    return filterFor(exclusive, disks, cluster);
  },
  remedies(shape, cluster) {
    const exclusive = exclusiveClaims(shape, cluster);
    const disks = disksOf(shape.volumes);
    const namesOn = (node: NodeIndex, isInTheWay: (other: PodShape) => boolean) =>
      [...cluster.podsOn(node)].flatMap(({ key, shape: other }) => (isInTheWay(other) ? [key] : []));
    const users = Array.from({ length: cluster.nodes.limit }, (_, node) =>
      namesOn(
        node,
        (other) => other.namespace === shape.namespace && exclusive.some((name) => uses(other, name)),
      ),
    ).flat();
    if (users.length > 0) return () => [{ type: "end-pods", pods: users }];
    return (node) => {
      const pods = namesOn(node, ({ volumes }) => haveConflict(disksOf(volumes), disks));
      return [{ type: "move-pods", pods, topologyKey: "kubernetes.io/hostname" }];
    };
  },
  inputs: (shape, cluster) => exclusiveClaims(shape, cluster).join(","),
  mayHelp(event, shape, cluster) {
    if (event.type === "object-changed")
      return (
        event.resource === "persistentvolumeclaims" &&
        event.object.metadata?.namespace === shape.namespace &&
        shape.claims.some(({ claim }) => claim === event.object.metadata?.name)
      );
    // A disk that is taken is taken on its node; a claim is taken wherever one is.
    if (event.type === "node-added") return disksOf(shape.volumes).length > 0;
    const left = leaving(event);
    if (!left) return false;
    if (
      left.namespace === shape.namespace &&
      exclusiveClaims(shape, cluster).some((name) => uses(left, name))
    )
      return true;
    return haveConflict(disksOf(left.volumes), disksOf(shape.volumes));
  },
};

function haveConflict(some: readonly Disk[], others: readonly Disk[]): boolean {
  return some.some((disk) => others.some((other) => conflict(disk, other)));
}

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

/** The claim's other pod may be on any node, so that is asked at every decision anew; disks are a matter of the node. */
function filterFor(exclusive: readonly string[], disks: readonly Disk[], cluster: Cluster): Filter {
  const hasConflict = (node: NodeIndex): number => {
    for (const { shape } of cluster.podsOn(node)) {
      if (haveConflict(disksOf(shape.volumes), disks)) return 1;
    }
    return 0;
  };
  return {
    by: "traits",
    traits: [hasConflict],
    refuse([isTaken]) {
      if (exclusive.some((key) => cluster.claimUsers.count(key) > 0)) return claimInUse;
      return isTaken ? diskInUse : undefined;
    },
  };
}
