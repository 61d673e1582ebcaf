import { linksOf } from "./check.ts";
import type { Choreography } from "./definition.ts";

/** The flow as a Mermaid flowchart: events, and between them whoever reacts. */
export function drawChoreography(flow: Choreography): string {
  return [
    "flowchart LR",
    ...flow.begins.map((event) => `  begin((begin)) --> ${event}`),
    ...linksOf(flow).map(({ participant, from, to }) => `  ${from} -- ${participant} --> ${to}`),
    ...Object.entries(flow.ends).map(([event, how]) => `  ${event} --> ${how}((${how}))`),
  ].join("\n");
}
