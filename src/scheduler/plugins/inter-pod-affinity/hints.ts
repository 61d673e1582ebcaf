import { jsonEqual } from "#api";
import type { Cluster } from "../../framework/cluster.ts";
import { termsOf } from "../../framework/counts/pod-terms.ts";
import type { ClusterEvent } from "../../framework/plugin.ts";
import type { PodShape } from "../../framework/pod-shape.ts";

/** Whether pods came that it wants near, pods went that it or that did not want it, or nodes got another place in the topology. */
export function mayHelp(event: ClusterEvent, shape: PodShape, { listers }: Cluster): boolean {
  const wants = (pod: PodShape) => termsOf(shape).required.some((term) => term.matches(pod, listers));
  const isFarFrom = (pod: PodShape) =>
    termsOf(shape).forbidden.some((term) => term.matches(pod, listers)) ||
    termsOf(pod).forbidden.some((term) => term.matches(shape, listers));
  switch (event.type) {
    case "pod-added":
      return wants(event.pod.shape);
    case "pod-removed":
      // When the last pod of its kind is gone, this one may be the first.
      return isFarFrom(event.pod.shape) || wants(event.pod.shape);
    case "pod-updated": {
      const { pod, old } = event;
      return wants(pod.shape) !== wants(old.shape) || (isFarFrom(old.shape) && !isFarFrom(pod.shape));
    }
    case "node-added":
    case "node-removed":
      return true;
    case "node-updated":
      return !jsonEqual(event.node.metadata?.labels, event.old.metadata?.labels);
    case "object-changed":
      return event.resource === "namespaces";
  }
}
