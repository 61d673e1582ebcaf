import { badRequest, type Clock, type Random, systemClock, systemRandom } from "#base";
import type { CloudEvent } from "./cloud-event.ts";
import { limits } from "./limits.ts";

/** What goes through a broker: an event, and the topic that its readers have subscribed to. */
export interface Message<Data = unknown> {
  readonly topic: string;
  readonly event: CloudEvent<Data>;
}

/** What a sender says. The rest of the envelope is the same for all that a service sends. */
export interface Draft<Data = unknown> {
  readonly topic: string;
  /** What happened: `order.placed`. */
  readonly type: string;
  readonly data: Data;
  /** Messages that share a key keep their order. By default a message has none to keep. */
  readonly key?: string;
  readonly subject?: string;
  /** Further attributes of the envelope: `traceparent`, extensions. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Nobody sees it before. It has its place in the order of its key when that moment has come. */
  readonly notBefore?: Date;
  /** Set where the same thing may be said twice, to make it one message: it is dropped the second time. */
  readonly id?: string;
}

export interface SenderOptions {
  /** Who sends: `/orders`. */
  readonly source: string;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** A function that puts drafts into envelopes. It refuses what no broker could carry, while the sender can still react. */
export function composer({ source, clock = systemClock, random = systemRandom }: SenderOptions) {
  return <Data>(draft: Draft<Data>): Message<Data> => {
    const id = draft.id ?? random.uuid();
    const message: Message<Data> = {
      topic: draft.topic,
      event: {
        ...draft.headers,
        specversion: "1.0",
        id,
        source,
        type: draft.type,
        time: new Date(clock.now()).toISOString(),
        ...(draft.subject === undefined ? {} : { subject: draft.subject }),
        partitionkey: draft.key ?? id,
        ...(draft.notBefore ? { notbefore: draft.notBefore.toISOString() } : {}),
        datacontenttype: "application/json",
        data: draft.data,
      },
    };
    validate(draft, message);
    return message;
  };
}

export function isTopicName(name: string): boolean {
  return /^[a-z0-9][a-z0-9.-]{0,127}$/.test(name);
}

/** The order that is kept: that of the messages of a topic that share this. */
export function keyOf(message: Message): string {
  return message.event.partitionkey;
}

/** Before when nobody is to have a message, in milliseconds since 1970. Undefined for most, and for what says something that is no moment. */
export function momentOf({ event }: Message): number | undefined {
  const moment = Date.parse(event.notbefore ?? "");
  return Number.isNaN(moment) ? undefined : Math.max(0, moment);
}

/** For how long a message is kept from its subscribers; 0 for most. */
export function delayMsOf(message: Message, clock: Clock): number {
  return Math.max(0, (momentOf(message) ?? 0) - clock.now());
}

function validate(draft: Draft, { event }: Message): void {
  const refuse = (why: string) => badRequest(`cannot send ${draft.type} to topic "${draft.topic}": ${why}`);
  if (!isTopicName(draft.topic))
    throw refuse("a topic is 1 to 128 lower-case letters, digits, dots and dashes");
  if (!draft.type) throw refuse("it has no type");
  for (const name of Object.keys(draft.headers ?? {}))
    if (!/^[a-z0-9]{1,20}$/.test(name))
      throw refuse(`header "${name}" is not 1 to 20 lower-case letters and digits, as CloudEvents wants it`);
  const bytes = Buffer.byteLength(JSON.stringify(event));
  if (bytes > limits.eventBytes)
    throw refuse(
      `its envelope has ${bytes} bytes, more than ${limits.eventBytes}; store the content and send its name`,
    );
}
