import type { Cluster } from "../framework/cluster.ts";
import type { NodeIndex, NodeView, Nomination, Plugin } from "../framework/plugin.ts";
import type { PodFacts } from "../framework/pod-facts.ts";
import type { Refusals } from "../framework/refusals.ts";
import { isRoomBeingMade } from "./default-preemption.ts";
import { Evictions, type EvictionsOptions } from "./evictions.ts";

export interface RoomMakingOptions extends EvictionsOptions {
  readonly cluster: Cluster;
  /** How a pod sees the nodes. */
  readonly viewOf: (facts: PodFacts) => NodeView;
  /** The pod is to be tried now. */
  readonly onWake: (facts: PodFacts) => void;
  /** The pod no longer waits for the node that it was told to wait for. */
  readonly onTurnedAway: (facts: PodFacts) => void;
}

/** Pods that wait on a node for room: how that is begun, and all that ends it. */
export class RoomMaking {
  readonly #options: RoomMakingOptions;
  readonly #evictions: Evictions;

  constructor(options: RoomMakingOptions) {
    this.#options = options;
    this.#evictions = new Evictions(options);
  }

  /** Asks the plugins where room can be made for a pod that fits nowhere, and has it made. */
  begin(facts: PodFacts, refusals: Refusals, plugins: readonly Plugin[]): Nomination | undefined {
    const { cluster, viewOf } = this.#options;
    const { condemned } = this.#evictions;
    const awaited = cluster.nominations.node(facts.uid);
    cluster.denominate(facts.uid);
    const failure = { facts, cluster, refusals, view: viewOf(facts), awaited, condemned };
    for (const plugin of plugins) {
      const nomination = plugin.postFilter?.(failure);
      if (!nomination) continue;
      this.#evictions.start({ ...nomination, preemptor: facts });
      this.turnAway(nomination.nodeName, { below: facts.shape.priority });
      cluster.nominate(facts, nomination.nodeName);
      return nomination;
    }
    return undefined;
  }

  /** A pod is seen to go, or gone. */
  onGoing(uid: string): void {
    this.#evictions.onGoing(uid);
  }

  /** The node may have got room. Who waits for it is tried at once when it has, and when nobody makes room any more: it has to look anew. */
  onRoom(node: NodeIndex): void {
    const { cluster, viewOf, onWake } = this.#options;
    const { condemned } = this.#evictions;
    for (const facts of cluster.nominations.on(node, everyone)) {
      const hasRoom = !viewOf(facts).refusal(node, { except: facts.uid });
      if (hasRoom || !isRoomBeingMade(node, { facts, cluster, condemned })) onWake(facts);
    }
  }

  /** Pods of lower priority that wait for the node may no longer get it: they look for another. */
  turnAway(nodeName: string, { below }: { readonly below: number }): void {
    const { cluster, onTurnedAway, onWake } = this.#options;
    const node = cluster.nodes.find(nodeName);
    if (node === undefined) return;
    for (const facts of cluster.nominations.on(node, everyone)) {
      if (facts.shape.priority >= below) continue;
      cluster.denominate(facts.uid);
      onTurnedAway(facts);
      onWake(facts);
    }
  }
}

const everyone = { priority: Number.NEGATIVE_INFINITY };
