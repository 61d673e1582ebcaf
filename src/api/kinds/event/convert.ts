import type { Event, EventsV1Event } from "../../generated/types.ts";

/** Pairs of names for the same field: in `events.k8s.io/v1`, in the core group. */
const renamed = [
  ["note", "message"],
  ["regarding", "involvedObject"],
  ["reportingController", "reportingComponent"],
  ["deprecatedSource", "source"],
  ["deprecatedFirstTimestamp", "firstTimestamp"],
  ["deprecatedLastTimestamp", "lastTimestamp"],
  ["deprecatedCount", "count"],
] as const;

/** The event as the core group has it. Shares its parts. */
export function toCoreEvent(event: EventsV1Event): Event {
  return { ...rename(event, renamed), apiVersion: "v1" } as Event;
}

/** The event as `events.k8s.io/v1` has it. Shares its parts. */
export function fromCoreEvent(event: Event): EventsV1Event {
  return {
    ...rename(
      event,
      renamed.map(([ours, core]) => [core, ours] as const),
    ),
    apiVersion: "events.k8s.io/v1",
  } as EventsV1Event;
}

function rename(event: object, pairs: readonly (readonly [string, string])[]): Record<string, unknown> {
  const result: Record<string, unknown> = { ...event };
  for (const [from, to] of pairs) {
    if (!(from in result)) continue;
    result[to] = result[from];
    delete result[from];
  }
  return result;
}
