import type { CloudEvent } from "../cloud-event.ts";

/*
 * The way of an event stands in an extension attribute, `meshway`: the sites at which it was said, in their order, the
 * first being where it comes from. One that was never carried has none. No site stands in it twice, so no event goes in
 * circles, whatever anybody has forgotten.
 */

export function wayOf(event: CloudEvent): readonly string[] {
  const { meshway } = event;
  return typeof meshway === "string" && meshway !== "" ? meshway.split(",") : [];
}

export function hasBeenAt(way: readonly string[], site: string): boolean {
  return way.includes(site);
}

/** The event as it is said at the stop after `way`. */
export function nextStop(event: CloudEvent, way: readonly string[]): CloudEvent {
  return { ...event, meshway: way.join(",") };
}

export function isSite(name: string): boolean {
  return /^[a-z0-9-]{1,63}$/.test(name);
}
