import type { CloudEvent } from "../cloud-event.ts";

/**
 * The event in the bytes of a stream. Undefined when it is none: whoever may write to a subject may write anything, and what nobody can read must not keep
 * a partition from going on.
 */
export function storedEvent(bytes: Uint8Array): CloudEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
  const event = value as Partial<CloudEvent> | null;
  const isEvent = [event?.id, event?.type, event?.source, event?.partitionkey].every(
    (attribute) => typeof attribute === "string",
  );
  return isEvent ? (event as CloudEvent) : undefined;
}
