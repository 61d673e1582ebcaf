import type { Node } from "#api";
import type { Rule } from "./rule.ts";

const smallest = 23 * 1024 * 1024;
const largest = 1000 * 1024 * 1024;

/** Better where large images of the pod are, the more so the more nodes have them. */
export const imageLocality: Rule = {
  name: "ImageLocality",
  score(pod, feasible, { nodes }) {
    const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
    const most = largest * containers.length;
    return feasible.map((node) => {
      const bytes = containers
        .map(({ image = "" }) => withTag(image))
        .filter((image) => sizeOn(node, image) !== undefined)
        .map((image) => {
          const holders = nodes.filter((other) => sizeOn(other, image) !== undefined).length;
          return Math.floor((sizeOn(node, image) ?? 0) * (holders / nodes.length));
        })
        .reduce((a, b) => a + b, 0);
      const counted = Math.min(Math.max(bytes, smallest), most);
      return Math.floor((100 * (counted - smallest)) / (most - smallest));
    });
  },
};

function sizeOn(node: Node, image: string): number | undefined {
  return node.status?.images?.find(({ names }) => names?.includes(image))?.sizeBytes;
}

/** `web` means `web:latest`; a port of the registry is no tag. */
function withTag(image: string): string {
  return image.lastIndexOf(":") > image.lastIndexOf("/") ? image : `${image}:latest`;
}
