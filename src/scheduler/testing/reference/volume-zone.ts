import { claimsOf, volumeOf } from "./claims.ts";
import { forGood, type Rule } from "./rule.ts";
import { labelOf, labelsOf } from "./world.ts";

const zone = "topology.kubernetes.io/zone";
const region = "topology.kubernetes.io/region";

/** Random nodes and volumes have the labels of today only. */
export const volumeZone: Rule = {
  name: "VolumeZone",
  refuses(pod, node, world) {
    if (labelOf(node, zone) === undefined && labelOf(node, region) === undefined) return undefined;
    for (const claim of claimsOf(pod, world)) {
      const volume = claim && volumeOf(claim, world);
      for (const key of [zone, region]) {
        const wanted = volume && labelsOf(volume)[key];
        if (wanted !== undefined && !wanted.split("__").includes(labelOf(node, key) ?? "")) return forGood;
      }
    }
    return undefined;
  },
};
