import { localNodeLabel, type Node, type PersistentVolume, type Pod } from "#api";
import type { Informer } from "#client";
import type { NodeShape } from "./shape.ts";
import { SimulatedNode, type SimulatedNodeOptions } from "./simulated-node.ts";

export interface FleetOptions
  extends Pick<SimulatedNodeOptions, "power" | "behaviourOf" | "observer" | "live"> {
  /** All pods of the cluster. */
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  /** Those that are directories of nodes. */
  readonly volumes: Informer<PersistentVolume>;
}

/**
 * The simulated nodes of one process. They share one informer of all pods and one of all nodes: a thousand watches of a few pods each would
 * cost the API server more than the nodes are worth.
 */
export class Fleet {
  readonly nodes = new Map<string, SimulatedNode>();
  readonly #options: FleetOptions;

  constructor(options: FleetOptions) {
    this.#options = options;
    const { pods, nodes, volumes } = options;
    pods.addIndex("node", ({ spec }) => (spec?.nodeName ? [spec.nodeName] : []));
    const tell = ({ spec }: Pod) => this.nodes.get(spec?.nodeName ?? "")?.tell();
    pods.addHandler({ added: tell, updated: tell, deleted: tell });
    const tellSelf = ({ metadata }: Node) => this.nodes.get(metadata?.name ?? "")?.tell();
    nodes.addHandler({ updated: tellSelf, deleted: tellSelf });
    volumes.addIndex("node", nodeOfVolume);
    const tellOwner = (volume: PersistentVolume) => {
      for (const name of nodeOfVolume(volume)) this.nodes.get(name)?.tell();
    };
    volumes.addHandler({ added: tellOwner, updated: tellOwner });
    Promise.all([pods.synced, nodes.synced]).then(
      () => {
        for (const node of this.nodes.values()) node.tell();
      },
      () => {},
    );
  }

  /** A new node, switched off. */
  add(shape: NodeShape): SimulatedNode {
    const { pods, nodes, volumes, power, behaviourOf, observer, live } = this.#options;
    const node = new SimulatedNode({
      shape,
      power,
      behaviourOf,
      ...(observer ? { observer } : {}),
      ...(live ? { live } : {}),
      bound: (name) => (pods.isSynced ? pods.byIndex("node", name) : undefined),
      volumes: (name) => volumes.byIndex("node", name),
      known: (name) => (nodes.isSynced ? nodes.get(name) : undefined),
    });
    this.nodes.set(shape.name, node);
    return node;
  }

  /** Switches a node off, and forgets it. */
  remove(name: string): void {
    this.nodes.get(name)?.crash();
    this.nodes.delete(name);
  }
}

function nodeOfVolume({ metadata }: PersistentVolume): string[] {
  const node = metadata?.labels?.[localNodeLabel];
  return node === undefined ? [] : [node];
}
