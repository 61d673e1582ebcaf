import type { PodShape } from "../framework/pod-shape.ts";

/** Whatever waits for an event that may help, by shape and by who refused it: an event is judged once for all pods that are alike. */
export class WaitingPods<E extends Waiting> {
  readonly #byShape = new Map<PodShape, Map<ReadonlySet<string>, Set<E>>>();

  add(entry: E): void {
    const { shape, rejectedBy } = entry;
    const byRefusal = this.#byShape.get(shape) ?? new Map<ReadonlySet<string>, Set<E>>();
    this.#byShape.set(shape, byRefusal);
    const entries = byRefusal.get(rejectedBy) ?? new Set<E>();
    byRefusal.set(rejectedBy, entries.add(entry));
  }

  delete(entry: E): void {
    const { shape, rejectedBy } = entry;
    const byRefusal = this.#byShape.get(shape);
    const entries = byRefusal?.get(rejectedBy);
    if (!entries?.delete(entry)) return;
    if (entries.size === 0) byRefusal?.delete(rejectedBy);
    if (byRefusal?.size === 0) this.#byShape.delete(shape);
  }

  /** Takes out those that may be helped, in the order in which they came, shape by shape. */
  take(mayHelp: (shape: PodShape, rejectedBy: ReadonlySet<string>) => boolean): readonly E[] {
    const taken: E[] = [];
    for (const [shape, byRefusal] of this.#byShape) {
      for (const [rejectedBy, entries] of byRefusal) {
        if (mayHelp(shape, rejectedBy)) taken.push(...entries);
      }
    }
    for (const entry of taken) this.delete(entry);
    return taken;
  }
}

export interface Waiting {
  readonly shape: PodShape;
  /** Names of plugins. One set for all pods that were refused together. */
  readonly rejectedBy: ReadonlySet<string>;
}
