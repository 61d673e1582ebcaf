import type { CloudEvent } from "../cloud-event.ts";
import { parsed } from "./parsed.ts";

/** The event in the bytes of a stream. Undefined when it is none: what nobody can read must not keep a partition from going on. */
export function storedEvent(bytes: Uint8Array): CloudEvent | undefined {
  return eventIn(parsed(bytes));
}

/** What is an event, as far as brokers look into it. */
export function eventIn(value: unknown): CloudEvent | undefined {
  const event = value as Partial<CloudEvent> | null | undefined;
  const isEvent = [event?.id, event?.type, event?.source, event?.partitionkey].every(
    (attribute) => typeof attribute === "string",
  );
  return isEvent ? (event as CloudEvent) : undefined;
}
