import type { Pod } from "#api";
import {
  type EventRecorder as ClientEventRecorder,
  createEventRecorder,
  type EventRecorderOptions,
} from "#client";
import { containersOf, isEphemeral } from "./pods/containers.ts";

/** What happened to a pod, for people: best effort, never waited for. */
export interface EventRecorder {
  normal(about: EventSubject, reason: string, message: string): void;
  warning(about: EventSubject, reason: string, message: string): void;
  /** A warning about the node itself. */
  node(reason: string, message: string): void;
  /** Resolves when nothing waits to be written. */
  flush(): Promise<void>;
}

/** A pod, or one of its containers. */
export interface EventSubject {
  readonly pod: Pod;
  readonly container?: string;
}

/** Events in the kubelet's name, with its field paths. */
export function createPodEvents(
  options: Omit<EventRecorderOptions, "component" | "host"> & { readonly nodeName: string },
): EventRecorder {
  const recorder = createEventRecorder({ ...options, component: "kubelet", host: options.nodeName });
  return {
    normal: (about, reason, message) => record(recorder, "Normal", about, reason, message),
    warning: (about, reason, message) => record(recorder, "Warning", about, reason, message),
    node(reason, message) {
      // The kubelet's way: a node is called by its name, whatever its uid.
      const metadata = { name: options.nodeName, uid: options.nodeName };
      recorder.record({ apiVersion: "v1", kind: "Node", metadata }, { type: "Warning", reason, message });
    },
    flush: () => recorder.flush(),
  };
}

function record(
  recorder: ClientEventRecorder,
  type: "Normal" | "Warning",
  { pod, container }: EventSubject,
  reason: string,
  message: string,
): void {
  // Objects in lists do not say what they are.
  const about = { apiVersion: "v1", kind: "Pod", ...(pod.metadata ? { metadata: pod.metadata } : {}) };
  recorder.record(about, {
    type,
    reason,
    message,
    ...(container === undefined ? {} : { fieldPath: `spec.${listOf(pod, container)}{${container}}` }),
  });
}

/** The field of the spec that holds the container. */
function listOf(pod: Pod, name: string): string {
  if (isEphemeral(pod, name)) return "ephemeralContainers";
  return containersOf(pod).init.some((one) => one.name === name) ? "initContainers" : "containers";
}
