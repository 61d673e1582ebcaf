import type { Pod } from "#api";
import { claimsOf } from "./claims.ts";
import { type Rule, whileItIsFull } from "./rule.ts";
import { podsOn, type World } from "./world.ts";

export const volumeRestrictions: Rule = {
  name: "VolumeRestrictions",
  refuses(pod, node, world) {
    if (sharesExclusiveClaim(pod, world)) return whileItIsFull;
    const others = podsOn(node, world).flatMap(disks);
    const isTaken = disks(pod).some((disk) =>
      others.some((other) => other.pdName === disk.pdName && !(other.readOnly && disk.readOnly)),
    );
    return isTaken ? whileItIsFull : undefined;
  },
};

/** Wherever the other pod is. */
function sharesExclusiveClaim(pod: Pod, world: World): boolean {
  return claimsOf(pod, world).some(
    (claim) =>
      claim?.spec?.accessModes?.includes("ReadWriteOncePod") &&
      world.pods.some((other) => claimsOf(other, world).includes(claim)),
  );
}

function disks(pod: Pod): readonly { readonly pdName: string; readonly readOnly: boolean }[] {
  return (pod.spec?.volumes ?? []).flatMap(({ gcePersistentDisk }) =>
    gcePersistentDisk
      ? [{ pdName: gcePersistentDisk.pdName, readOnly: gcePersistentDisk.readOnly ?? false }]
      : [],
  );
}
