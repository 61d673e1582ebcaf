import type { Plugin } from "../framework/plugin.ts";

/** Nodes that hold the pod's images are better, the more so the larger the images; rare images count less, or one node would get everything. */
export const imageLocality: Plugin = {
  name: "ImageLocality",
  score({ spec }, { nodes }) {
    const wanted = [...(spec.initContainers ?? []), ...spec.containers].map(({ image = "" }) =>
      withTag(image),
    );
    // One bit per image: more than fit into a number make no difference any more.
    const images = [...new Set(wanted)].slice(0, 30);
    const counts = images.map((image) => wanted.filter((one) => one === image).length);
    const most = largest * wanted.length;
    const held = (node: number) => {
      let bits = 0;
      for (let at = 0; at < images.length; at += 1)
        if (nodes.images.has(node, images[at] as string)) bits |= 1 << at;
      return bits;
    };
    return {
      by: "traits",
      traits: [held],
      isAbsolute: true,
      score(groups, scores) {
        groups.forEach(({ traits: [bits = 0] }, index) => {
          let bytes = 0;
          images.forEach((name, at) => {
            const image = bits & (1 << at) ? nodes.images.get(name) : undefined;
            if (image)
              bytes += Math.floor(image.bytes * (image.nodes / nodes.count)) * (counts[at] as number);
          });
          const kept = Math.min(Math.max(bytes, smallest), most);
          scores[index] = Math.floor((100 * (kept - smallest)) / (most - smallest));
        });
      },
    };
  },
};

/** Images below 23 MB are not worth moving a pod for; above 1 GB per container it makes no more difference. Kubernetes' numbers. */
const smallest = 23 * 1024 * 1024;
const largest = 1000 * 1024 * 1024;

/** As nodes name their images: with a tag or digest. */
function withTag(image: string): string {
  return image.lastIndexOf(":") <= image.lastIndexOf("/") ? `${image}:latest` : image;
}
