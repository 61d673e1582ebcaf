import { badRequest } from "#base";
import type { Move, SagaDefinition } from "./definition.ts";

/** Any definition, where what is in events and content does not matter. */
export type AnySaga = SagaDefinition<string, Record<string, never>, never>;

/** An edge of the machine: an event's type or `timeout` leads from one state to another. */
export interface Edge {
  readonly from: string;
  readonly on: string;
  readonly to: string;
  readonly undoneBy?: string;
}

export function edgesOf(definition: AnySaga): readonly Edge[] {
  const edges: Edge[] = [];
  for (const [from, state] of Object.entries(definition.states)) {
    if ("final" in state) continue;
    const add = (on: string, { to, undoneBy }: Move<string, never, never>) =>
      edges.push({ from, on, to, ...(undoneBy ? { undoneBy } : {}) });
    for (const [on, cell] of Object.entries(state.on)) if (typeof cell !== "string") add(on, cell);
    if (state.timeout !== "never") add("timeout", state.timeout as Move<string, never, never>);
  }
  return edges;
}

/** What types cannot say: every state is reached, an end can be reached from everywhere, nothing done stays undone-less. */
export function checkSaga(definition: AnySaga): void {
  const edges = edgesOf(definition);
  const refuse = (why: string) => badRequest(`cannot run the saga ${definition.name}: ${why}`);
  const reached = reachable(edges, definition.initial);
  for (const state of Object.keys(definition.states)) {
    if (!reached.has(state)) throw refuse(`nothing leads from ${definition.initial} to ${state}`);
    if (![...reachable(edges, state)].some((end) => "final" in (definition.states[end] ?? {})))
      throw refuse(`from ${state} it never ends`);
  }
  for (const { from, on, to, undoneBy } of edges) {
    if (!undoneBy) continue;
    const around = [...reachable(edges, to, undoneBy)].find((end) => {
      const state = definition.states[end];
      return state && "final" in state && state.final === "undone";
    });
    if (around)
      throw refuse(
        `what ${on} says in ${from} must be undone by ${undoneBy}, but from ${to} it can end in ${around} without`,
      );
  }
}

/** The states that can be reached from one, itself included, without passing through another. */
export function reachable(edges: readonly Edge[], from: string, without?: string): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = [from];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    if (state === without || reached.has(state)) continue;
    reached.add(state);
    for (const edge of edges) if (edge.from === state) open.push(edge.to);
  }
  return reached;
}
