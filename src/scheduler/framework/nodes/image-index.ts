import type { Node } from "#api";

/** Which nodes hold which images. */
export class ImageIndex {
  readonly #images = new Map<string, { readonly bytes: number; nodes: number }>();
  readonly #onNode: (ReadonlySet<string> | undefined)[] = [];

  has(node: number, image: string): boolean {
    return this.#onNode[node]?.has(image) ?? false;
  }

  /** Its size, as the first node that had it said, and on how many nodes it is. Undefined when it is on none. */
  get(image: string): { readonly bytes: number; readonly nodes: number } | undefined {
    return this.#images.get(image);
  }

  set(node: number, images: NonNullable<Node["status"]>["images"]): void {
    const sizes = new Map<string, number>();
    for (const { names, sizeBytes } of images ?? [])
      for (const name of names ?? []) sizes.set(name, sizeBytes ?? 0);
    for (const name of this.#onNode[node] ?? []) {
      const image = this.#images.get(name);
      if (!image) continue;
      image.nodes -= 1;
      if (image.nodes === 0 && !sizes.has(name)) this.#images.delete(name);
    }
    for (const [name, bytes] of sizes) {
      const image = this.#images.get(name) ?? { bytes, nodes: 0 };
      image.nodes += 1;
      this.#images.set(name, image);
    }
    this.#onNode[node] = sizes.size > 0 ? new Set(sizes.keys()) : undefined;
  }
}
