import { type Pod, pods } from "#api";
import type { ObjectFeed } from "../../ports.ts";
import { type Referenced, referencesOf } from "./pod-references.ts";

/** Which nodes run a pod that needs an object: `RESOURCE/NAMESPACE/NAME` → node → how many of its pods do. */
export class NodeGraph {
  readonly #nodes = new Map<string, Map<string, number>>();
  readonly #follow: { close(): void };

  constructor(feed: ObjectFeed) {
    this.#follow = feed.follow(pods, ({ object, previous }) => {
      if (object && previous && sameEdges(object, previous)) return;
      if (previous) this.#count(previous, -1);
      if (object) this.#count(object, +1);
    });
  }

  needs(node: string, resource: Referenced, namespace: string, name: string): boolean {
    return this.#nodes.get(`${resource}/${namespace}/${name}`)?.has(node) ?? false;
  }

  close(): void {
    this.#follow.close();
  }

  #count(pod: Pod, change: 1 | -1): void {
    const node = pod.spec?.nodeName;
    if (!node) return;
    for (const reference of referencesOf(pod)) {
      const [resource, name] = reference.split("/");
      const key = `${resource}/${pod.metadata?.namespace ?? ""}/${name}`;
      const nodes = this.#nodes.get(key) ?? new Map<string, number>();
      const count = (nodes.get(node) ?? 0) + change;
      if (count > 0) this.#nodes.set(key, nodes.set(node, count));
      else nodes.delete(node);
      if (nodes.size === 0) this.#nodes.delete(key);
    }
  }
}

/** What a pod refers to cannot change once it is made, save by ephemeral containers: status updates are skipped. */
function sameEdges(pod: Pod, previous: Pod): boolean {
  return (
    pod.metadata?.uid === previous.metadata?.uid &&
    pod.spec?.nodeName === previous.spec?.nodeName &&
    pod.spec?.ephemeralContainers?.length === previous.spec?.ephemeralContainers?.length
  );
}
