import type { Cluster } from "./cluster.ts";
import { CountersInUse } from "./counts/counters.ts";
import type { Plugin } from "./plugin.ts";
import type { PodShape } from "./pod-shape.ts";

/**
 * As which shape nodes see a pod. Every pod of a set with volumes has a claim of its own, and so a shape of its own; but claims on volumes that
 * can be used anywhere say nothing about nodes, and then all of them share what was worked out for pods without claims.
 */
export class StandIns {
  readonly #known = new WeakMap<PodShape, { readonly standIn: PodShape; readonly version: number }>();

  of(shape: PodShape, plugins: readonly Plugin[], cluster: Cluster): PodShape {
    if (shape.claimless === shape) return shape;
    const { version } = cluster;
    const known = this.#known.get(shape);
    if (known?.version === version) return known.standIn;
    const standIn = saySomething(plugins, shape, cluster) ? shape : shape.claimless;
    this.#known.set(shape, { standIn, version });
    return standIn;
  }
}

function saySomething(plugins: readonly Plugin[], shape: PodShape, cluster: Cluster): boolean {
  const counters = new CountersInUse(cluster.counters);
  const says = plugins.some((plugin) => plugin.readsClaims && plugin.filter?.(shape, cluster, counters));
  counters.release();
  return says;
}
