import type { Input, Output, Schema } from "../../http/schema.ts";
import type { CloudEvent } from "../cloud-event.ts";
import type { Draft, Message } from "../message.ts";

/** By type, the schema of what is in an event. */
export type EventSchemas = Readonly<Record<string, Schema<unknown>>>;

/** What may be said: the type decides what has to be in it. */
export type DraftOf<Events extends EventSchemas> = {
  [Type in keyof Events & string]: Omit<Draft, "topic" | "type" | "data"> & {
    readonly type: Type;
    readonly data: Input<Events[Type]>;
  };
}[keyof Events & string];

/** What is heard: the type says what is in it. */
export type EventOf<
  Events extends EventSchemas,
  Types extends keyof Events & string = keyof Events & string,
> = {
  [Type in Types]: CloudEvent<Output<Events[Type]>> & {
    readonly type: Type;
    readonly data: Output<Events[Type]>;
  };
}[Types];

/** What is in the events of a topic, by type: what a saga that listens to it hears. */
export type EventsOf<T> = T extends { readonly events: infer Events }
  ? { readonly [Type in keyof Events]: Output<Events[Type]> }
  : never;

/** A topic that knows what may be said in it, as those see it who listen. */
export interface Declared<Event extends CloudEvent = CloudEvent> {
  readonly name: string;
  /** The event in a message that fits. Undefined: it is to be passed over. Throws `PutAside` when it does not fit. */
  read(message: Message): Event | undefined;
}

/** The same, as those see it who also say something in it. */
export interface Sayable extends Declared {
  draft(draft: Omit<Draft, "topic">): Draft;
}

export function nameOf(topic: string | Declared): string {
  return typeof topic === "string" ? topic : topic.name;
}

/** The event in a message of a topic; of one that declares nothing, as it is. */
export function readAs(topic: string | Declared, message: Message): CloudEvent | undefined {
  return typeof topic === "string" ? message.event : topic.read(message);
}

/** Something to be said in a topic; in one that declares nothing, unchecked. */
export function draftIn(topic: string | Sayable, draft: Omit<Draft, "topic">): Draft {
  return typeof topic === "string" ? { ...draft, topic } : topic.draft(draft);
}
