import { type Node, nodes, type Pod, pods } from "#api";
import type { Clock, Logger, Random } from "#base";
import { type Client, type Informer, Informers } from "#client";
import type { NodeShape } from "./shape.ts";
import { SimulatedNode, type SimulatedNodeOptions } from "./simulated-node.ts";

export interface FleetOptions extends Pick<SimulatedNodeOptions, "power" | "behaviourOf" | "observer"> {
  /** May list and watch all pods and nodes. */
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/**
 * The simulated nodes of one process. They share one informer of all pods and one of all nodes: a thousand watches of a few pods each would
 * cost the API server more than the nodes are worth.
 */
export class Fleet {
  readonly nodes = new Map<string, SimulatedNode>();
  readonly #options: FleetOptions;
  readonly #pods: Informer<Pod>;
  readonly #known: Informer<Node>;

  constructor(options: FleetOptions) {
    this.#options = options;
    const informers = new Informers(options);
    this.#pods = informers.of(pods).addIndex("node", ({ spec }) => (spec?.nodeName ? [spec.nodeName] : []));
    this.#known = informers.of(nodes);
    const tell = ({ spec }: Pod) => this.nodes.get(spec?.nodeName ?? "")?.tell();
    this.#pods.addHandler({ added: tell, updated: tell, deleted: tell });
    const tellSelf = ({ metadata }: Node) => this.nodes.get(metadata?.name ?? "")?.tell();
    this.#known.addHandler({ updated: tellSelf, deleted: tellSelf });
    informers.synced().then(
      () => {
        for (const node of this.nodes.values()) node.tell();
      },
      () => {},
    );
  }

  /** A new node, switched off. */
  add(shape: NodeShape): SimulatedNode {
    const node = new SimulatedNode({
      shape,
      power: this.#options.power,
      behaviourOf: this.#options.behaviourOf,
      ...(this.#options.observer ? { observer: this.#options.observer } : {}),
      bound: (name) => (this.#pods.isSynced ? this.#pods.byIndex("node", name) : undefined),
      known: (name) => (this.#known.isSynced ? this.#known.get(name) : undefined),
    });
    this.nodes.set(shape.name, node);
    return node;
  }
}
