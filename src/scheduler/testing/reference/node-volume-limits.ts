import type { Pod } from "#api";
import { claimsOf, classOf, volumeOf } from "./claims.ts";
import { type Rule, whileItIsFull } from "./rule.ts";
import { nameOf, namespaceOf, podsOn, type World } from "./world.ts";

export const nodeVolumeLimits: Rule = {
  name: "NodeVolumeLimits",
  refuses(pod, node, world) {
    const csiNode = world.csiNodes.find((each) => nameOf(each) === nameOf(node));
    for (const { name, allocatable } of csiNode?.spec.drivers ?? []) {
      const present = new Set(podsOn(node, world).flatMap((other) => volumes(other, name, world)));
      const all = new Set([...present, ...volumes(pod, name, world)]);
      const most = allocatable?.count ?? Number.POSITIVE_INFINITY;
      if (all.size > present.size && all.size > most) return whileItIsFull;
    }
    return undefined;
  },
};

/** Which volumes of a driver a pod has; a claim that has none yet counts as one of those to come. */
function volumes(pod: Pod, driver: string, world: World): readonly string[] {
  return claimsOf(pod, world).flatMap((claim) => {
    if (!claim) return [];
    const volume = volumeOf(claim, world);
    if (!volume)
      return classOf(claim, world)?.provisioner === driver ? [`${namespaceOf(claim)}/${nameOf(claim)}`] : [];
    const { csi } = volume.spec ?? {};
    return csi?.driver === driver ? [csi.volumeHandle] : [];
  });
}
