import { badRequest } from "#base";
import { type Edge, reachable } from "../saga/check.ts";
import type { Choreography } from "./definition.ts";

/** Who hears what and then says what: an edge per event that may follow on another. */
export interface Link extends Edge {
  readonly participant: string;
}

export function linksOf({ participants }: Choreography): readonly Link[] {
  return Object.entries(participants).flatMap(([participant, reactions]) =>
    Object.entries(reactions).flatMap(([from, says]) =>
      says.map((to) => ({ participant, from, on: participant, to })),
    ),
  );
}

/**
 * Refuses a flow in which a reaction is missing: an event that nobody reacts to and that ends nothing, a reaction to what
 * nobody says, an event after which no end comes, something done that can end `undone` without being undone.
 */
export function checkChoreography(flow: Choreography): void {
  const refuse = (why: string) => badRequest(`cannot run the choreography ${flow.name}: ${why}`);
  const edges = linksOf(flow);
  const heard = new Set(Object.values(flow.participants).flatMap((reactions) => Object.keys(reactions)));
  const said = new Set([...flow.begins, ...edges.map(({ to }) => to)]);
  for (const event of said)
    if (!heard.has(event) && !flow.ends[event]) throw refuse(`nobody reacts to ${event}, and it is no end`);
  for (const event of [...heard, ...Object.keys(flow.ends)])
    if (!said.has(event)) throw refuse(`nobody says ${event}`);
  const reached = new Set(flow.begins.flatMap((event) => [...reachable(edges, event)]));
  for (const event of said) {
    if (!reached.has(event)) throw refuse(`nothing that it begins with leads to ${event}`);
    if (![...reachable(edges, event)].some((end) => flow.ends[end]))
      throw refuse(`after ${event} it never ends`);
  }
  for (const [done, undone] of Object.entries(flow.undoneBy ?? {})) {
    const around = [...reachable(edges, done, undone)].find((end) => flow.ends[end] === "undone");
    if (around) throw refuse(`${done} must be undone by ${undone}, but after it comes ${around} without`);
  }
}
