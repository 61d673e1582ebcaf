import { type Event, events, type KubernetesObject, type ObjectReference } from "#api";
import { type Clock, type Logger, messageOf, type Random, timestamp } from "#base";
import type { Client } from "../client.ts";
import { eventMessageLength, eventsInFlight } from "../limits.ts";
import { EventCorrelator } from "./event-correlator.ts";
import { EventNames } from "./event-names.ts";

export interface EventRecorderOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Who says it: `deployment-controller`, `default-scheduler`, `kubelet`. */
  readonly component: string;
  /** The node it happened on, for those who speak of one. */
  readonly host?: string;
}

export interface EventNote {
  readonly type: "Normal" | "Warning";
  /** One word in upper camel case: `ScalingReplicaSet`. */
  readonly reason: string;
  readonly message: string;
  /** The part of the object that is meant: `spec.containers{web}`. */
  readonly fieldPath?: string;
}

/** Tells people what happened to an object. Returns at once; what cannot be told is lost, never waited for. */
export interface EventRecorder {
  record(about: KubernetesObject, note: EventNote): void;
  /** Resolves when everything recorded so far was sent or given up. */
  flush(): Promise<void>;
}

/**
 * Writes `core/v1` Events. The same note about the same object again raises the count of the one that is there; many alike
 * become one; an object that causes notes without end is cut short.
 */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { client, clock, random, logger } = options;
  const correlator = new EventCorrelator(clock);
  const names = new EventNames(clock, random);
  let sending: Promise<void> = Promise.resolve();
  let inFlight = 0;
  const send = async (about: KubernetesObject, note: EventNote): Promise<void> => {
    const known = correlator.correlate(about, note);
    if (!known) return;
    const api = client.resource(events, about.metadata?.namespace ?? "default");
    if (known.name) {
      const lastTimestamp = timestamp(clock);
      const patch = { count: known.count, message: known.message, lastTimestamp };
      try {
        await api.patch(known.name, { type: "merge", patch });
        return;
      } catch (error) {
        logger.debug(`event ${known.name} cannot be counted up, writing a new one: ${messageOf(error)}`);
      }
    }
    const name = names.next(about.metadata?.name ?? "");
    await api.create(eventOf(options, about, { ...note, message: known.message }, name, known.count));
    known.remember(name);
  };
  return {
    record(about, note) {
      if (inFlight >= eventsInFlight) return logger.debug(`event dropped: ${note.reason}: ${note.message}`);
      inFlight += 1;
      sending = sending
        .then(() => send(about, note))
        .catch((error) => logger.debug(`event ${note.reason} was not written: ${messageOf(error)}`))
        .finally(() => {
          inFlight -= 1;
        });
    },
    flush: () => sending,
  };
}

function eventOf(
  options: EventRecorderOptions,
  about: KubernetesObject,
  note: EventNote,
  name: string,
  count: number,
): Event {
  const { component, host, clock } = options;
  const now = timestamp(clock);
  return {
    metadata: { name, namespace: about.metadata?.namespace ?? "default" },
    involvedObject: referenceTo(about, note.fieldPath),
    type: note.type,
    reason: note.reason,
    message: note.message.slice(0, eventMessageLength),
    source: { component, ...(host ? { host } : {}) },
    reportingComponent: component,
    ...(host ? { reportingInstance: host } : {}),
    firstTimestamp: now,
    lastTimestamp: now,
    count,
  };
}

function referenceTo(about: KubernetesObject, fieldPath: string | undefined): ObjectReference {
  const { name, namespace, uid, resourceVersion } = about.metadata ?? {};
  const given = {
    apiVersion: about.apiVersion,
    kind: about.kind,
    name,
    namespace,
    uid,
    resourceVersion,
    fieldPath,
  };
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as ObjectReference;
}
