import type { Cluster } from "../framework/cluster.ts";
import type { Refusal } from "../framework/judgement.ts";
import type { Placer } from "../framework/place.ts";
import type { ClusterEvent, NodeIndex, NodeView, Plugin, Profile } from "../framework/plugin.ts";
import type { PodShape } from "../framework/pod-shape.ts";

/** One of the schedulers in this process: they share the cluster and the queue. */
export interface OneScheduler {
  readonly profile: Profile;
  readonly placer: Placer;
}

/** Whether what happened may help pods that wait: those who refused them are asked, and then the node where it happened. */
export class QueueingHints {
  readonly #schedulers: readonly OneScheduler[];
  readonly #cluster: Cluster;
  /** Thousands of pods may wait that were refused together. */
  readonly #hints = new WeakMap<ReadonlySet<string>, readonly Hints[]>();
  /** What was found out about the event that is being judged: shapes may share their view of a node. */
  #event: ClusterEvent | undefined;
  readonly #refusals = new Map<NodeView, Refusal | undefined>();

  constructor(schedulers: readonly OneScheduler[], cluster: Cluster) {
    this.#schedulers = schedulers;
    this.#cluster = cluster;
  }

  /** Asked for all pods of a shape that were refused together at once. */
  mayHelp(event: ClusterEvent, shape: PodShape, rejectedBy: ReadonlySet<string>): boolean {
    // Refused by nobody: there was no node at all.
    if (rejectedBy.size === 0) return event.type === "node-added";
    const node = this.#cluster.nodes.find(nodeOf(event) ?? "");
    for (const { plugins, placer } of this.#hintsOf(rejectedBy)) {
      if (!plugins.some((plugin) => plugin.mayHelp?.(event, shape, this.#cluster))) continue;
      // What happens on a node helps only there, unless some rule looks beyond it; and there others may be waiting.
      const view = node === undefined ? undefined : placer.view(shape);
      if (node === undefined || !view?.isLocal) return true;
      // A rule that did not refuse it before is one whose events it does not wait for yet: it must be tried to learn of it.
      const refusal = this.#refusal(event, view, node);
      if (!refusal || !rejectedBy.has(refusal.plugin)) return true;
    }
    return false;
  }

  #hintsOf(rejectedBy: ReadonlySet<string>): readonly Hints[] {
    const known = this.#hints.get(rejectedBy);
    if (known) return known;
    const made = this.#schedulers.map(({ profile, placer }) => ({
      placer,
      plugins: profile.plugins.filter(({ name }) => rejectedBy.has(name)),
    }));
    this.#hints.set(rejectedBy, made);
    return made;
  }

  #refusal(event: ClusterEvent, view: NodeView, node: NodeIndex): Refusal | undefined {
    if (this.#event !== event) {
      this.#event = event;
      this.#refusals.clear();
    }
    if (!this.#refusals.has(view)) this.#refusals.set(view, view.refusal(node));
    return this.#refusals.get(view);
  }
}

/** Of one scheduler, those who refused. */
interface Hints {
  readonly placer: Placer;
  readonly plugins: readonly Plugin[];
}

/** Where it happened; undefined when that is not on one node. */
function nodeOf(event: ClusterEvent): string | undefined {
  if ("nodeName" in event) return event.nodeName;
  return "node" in event ? event.node.metadata?.name : undefined;
}
