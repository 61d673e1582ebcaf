import { type Event, events, type KubernetesObject, type ObjectMeta, type ObjectReference } from "#api";
import { type Clock, type Logger, messageOf, type Random, timestamp } from "#base";
import type { Client } from "../client.ts";
import { eventMessageLength } from "../limits.ts";
import { EventCorrelator } from "./event-correlator.ts";
import { EventNames } from "./event-names.ts";
import { EventOutbox } from "./event-outbox.ts";

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
  /** Resolves when everything recorded so far was sent or given up; what takes long is given up. */
  flush(): Promise<void>;
}

/** A note that waits to be told. */
interface Waiting {
  /** No more of it than its event says: thousands may wait, of objects that are long gone. */
  readonly about: KubernetesObject;
  readonly note: EventNote;
  /** When it was made, however late it is told. */
  readonly at: Moment;
}

interface Moment {
  readonly name: string;
  readonly timestamp: string;
}

/**
 * Writes `core/v1` Events. The same note about the same object again raises the count of the one that is there; many alike
 * become one; an object that causes notes without end is cut short. A burst is told late: see `EventOutbox`.
 */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { client, clock, random, logger } = options;
  const correlator = new EventCorrelator(clock);
  const names = new EventNames(clock, random);
  const send = async ({ about, note, at }: Waiting): Promise<void> => {
    const known = correlator.correlate(about, note);
    if (!known) return;
    const api = client.resource(events, about.metadata?.namespace ?? "default");
    if (known.name) {
      const patch = { count: known.count, message: known.message, lastTimestamp: at.timestamp };
      try {
        await api.patch(known.name, { type: "merge", patch }, lean);
        return;
      } catch (error) {
        logger.debug(`event ${known.name} cannot be counted up, writing a new one: ${messageOf(error)}`);
      }
    }
    await api.create(eventOf(options, about, { ...note, message: known.message }, at, known.count), lean);
    known.remember(at.name);
  };
  const outbox = new EventOutbox<Waiting>({
    clock,
    write: (one) =>
      send(one).catch((error) =>
        logger.debug(`event ${one.note.reason} was not written: ${messageOf(error)}`),
      ),
    // Only such as may become one: see `EventCorrelator`.
    subjectOf: ({ about: { metadata }, note: { type, reason } }) =>
      [metadata?.uid ?? metadata?.name, type, reason].join("|"),
  });
  return {
    record(about, note) {
      if (outbox.isFull) return logger.debug(`event dropped: ${note.reason}: ${note.message}`);
      const at = { name: names.next(about.metadata?.name ?? ""), timestamp: timestamp(clock) };
      outbox.add({ about: identityOf(about), note, at });
    },
    flush: () => outbox.flush(),
  };
}

/** Nobody reads what is answered. */
const lean = { omit: "managedFields" } as const;

function eventOf(
  options: EventRecorderOptions,
  about: KubernetesObject,
  note: EventNote,
  { name, timestamp: now }: Moment,
  count: number,
): Event {
  const { component, host } = options;
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

function identityOf({ apiVersion, kind, metadata }: KubernetesObject): KubernetesObject {
  const { name, namespace, uid, resourceVersion } = metadata ?? {};
  const identity = { name, namespace, uid, resourceVersion } as ObjectMeta;
  return {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    metadata: identity,
  };
}

/** What is not known of it is undefined, and so not sent. */
function referenceTo(about: KubernetesObject, fieldPath: string | undefined): ObjectReference {
  const { name, namespace, uid, resourceVersion } = about.metadata ?? {};
  const { apiVersion, kind } = about;
  return { apiVersion, kind, name, namespace, uid, resourceVersion, fieldPath } as ObjectReference;
}
