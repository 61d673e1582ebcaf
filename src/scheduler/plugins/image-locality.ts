import type { Plugin } from "../framework/plugin.ts";

/** Nodes that hold the pod's images are better, the more so the larger the images; rare images count less, or one node would get everything. */
export const imageLocality: Plugin = {
  name: "ImageLocality",
  score({ pod }, { imageSpread, nodes }) {
    const images = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
      .map(({ image = "" }) => withTag(image))
      .filter((image) => imageSpread.has(image));
    if (images.length === 0) return undefined;
    const most = largest * (pod.spec?.containers.length ?? 1);
    return (node) => {
      let bytes = 0;
      for (const image of images) {
        bytes += ((node.images.get(image) ?? 0) * (imageSpread.get(image) ?? 0)) / nodes.length;
      }
      return Math.floor((100 * (Math.min(Math.max(bytes, smallest), most) - smallest)) / (most - smallest));
    };
  },
};

/** Images below 23 MB are not worth moving a pod for; above 1 GB per container it makes no more difference. Kubernetes' numbers. */
const smallest = 23 * 1024 * 1024;
const largest = 1000 * 1024 * 1024;

/** As nodes name their images: with a tag or digest. */
function withTag(image: string): string {
  const last = image.slice(image.lastIndexOf("/") + 1);
  return last.includes(":") || image.includes("@") ? image : `${image}:latest`;
}
