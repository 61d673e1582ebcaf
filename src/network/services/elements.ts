import { limits } from "../limits.ts";
import type { Answering } from "./frontends.ts";
import { Marks } from "./marks.ts";
import type { Script } from "./script.ts";

/** Writes what the maps say of a service port's endpoints, where that differs; either may be missing. */
export function writeEndpoints(
  script: Script,
  previous: Answering | undefined,
  next: Answering | undefined,
): void {
  const before = previous && new Map(elementsOf(previous).map((element) => [nameOf(element), element]));
  for (const element of next ? elementsOf(next) : []) {
    const { map, key, value } = element;
    script.element(map, key, before?.get(nameOf(element))?.value, value);
    before?.delete(nameOf(element));
  }
  for (const { map, key, value } of before?.values() ?? []) script.element(map, key, value, undefined);
}

interface Element {
  readonly map: "endpoints" | "slots";
  readonly key: string;
  readonly value: string;
}

/**
 * A connection's number leads to an endpoint; where clients return to their endpoint, it leads to the endpoint's slot, a
 * number that the endpoint keeps while others come and go, and the slot to the endpoint.
 */
function elementsOf({ id, endpoints, affinitySeconds }: Answering): Element[] {
  if (affinitySeconds === undefined) {
    return endpoints.map((value, index) => ({ map: "endpoints", key: `${id} . ${index}`, value }));
  }
  const slots = new Marks({ first: limits.endpointsPerPort, end: limits.marks });
  return endpoints.flatMap((value, index) => {
    const slot = slots.take(value);
    return [
      { map: "slots", key: `${id} . ${index}`, value: `${slot}` },
      { map: "endpoints", key: `${id} . ${slot}`, value },
    ] as const;
  });
}

function nameOf({ map, key }: Element): string {
  return `${map} ${key}`;
}
