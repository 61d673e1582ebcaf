import { type Event, events, type KubernetesObject } from "#api";
import { keyOf } from "#apiserver";
import type { Store } from "#store";

/** What was said last of why a pod of `owner` cannot be created. */
export function creationFailureOf(store: Store, { metadata }: KubernetesObject): string | undefined {
  let last: Event | undefined;
  for (const { value } of store.snapshot().scan(keyOf(events, "", metadata?.namespace))) {
    const event = JSON.parse(Buffer.from(value).toString()) as Event;
    if (event.reason !== "FailedCreate" || event.involvedObject?.uid !== metadata?.uid) continue;
    if (!last || timeOf(event) >= timeOf(last)) last = event;
  }
  return last?.message;
}

function timeOf({ eventTime, lastTimestamp }: Event): string {
  return lastTimestamp ?? eventTime ?? "";
}
