import { linksOf } from "./check.ts";
import type { Choreography } from "./definition.ts";

/** The flow as a Mermaid flowchart: events, between them whoever reacts, and beside them whoever has nothing to say to it. */
export function drawChoreography(flow: Choreography): string {
  return [
    "flowchart LR",
    ...flow.begins.map((event) => `  begin((begin)) --> ${event}`),
    ...linksOf(flow).map(({ participant, from, to }) => `  ${from} -- ${participant} --> ${to}`),
    ...listenersOf(flow).map(({ participant, event }) => `  ${event} -.-> at_${participant}[${participant}]`),
    ...Object.entries(flow.ends).map(([event, how]) => `  ${event} --> ${how}((${how}))`),
  ].join("\n");
}

function listenersOf({ participants }: Choreography): { participant: string; event: string }[] {
  return Object.entries(participants).flatMap(([participant, reactions]) =>
    Object.entries(reactions)
      .filter(([, says]) => says.length === 0)
      .map(([event]) => ({ participant, event })),
  );
}
