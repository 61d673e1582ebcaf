import { internalError } from "#base";
import type { AggregateDefinition, EventOf, Loaded } from "./definition.ts";

/** The state after further events. */
export function evolve<State, Events extends object>(
  definition: AggregateDefinition<State, Events>,
  from: Loaded<State>,
  events: readonly EventOf<Events>[],
): Loaded<State> {
  let { state } = from;
  for (const { type, data } of events) {
    const step = Object.hasOwn(definition.evolve, type) ? definition.evolve[type] : undefined;
    if (!step)
      throw internalError(
        `cannot play a ${definition.name}: it has an event of type ${type}, which is unknown here`,
      );
    state = step(state, data);
  }
  return { state, version: from.version + events.length };
}

/** The shape in which events of a type are written, counted from 1. */
export function shapeOf<Events extends object>(
  { upcast }: Pick<AggregateDefinition<never, Events>, "upcast">,
  type: keyof Events,
): number {
  return 1 + (upcast?.[type]?.length ?? 0);
}

/** What was stored, in the shape that is current. */
export function upcast<Events extends object>(
  definition: Pick<AggregateDefinition<never, Events>, "name" | "upcast">,
  { type, shape, data }: { readonly type: string; readonly shape: number; readonly data: unknown },
): EventOf<Events> {
  const current = shapeOf(definition, type as keyof Events);
  if (shape > current)
    throw internalError(
      `cannot play a ${definition.name}: its ${type} has shape ${shape}, written by a newer program; this one knows ${current}`,
    );
  const steps = (definition.upcast?.[type as keyof Events] ?? []) as readonly ((older: unknown) => unknown)[];
  const upcasted = steps.slice(shape - 1).reduce((older, step) => step(older), data);
  return { type, data: upcasted } as EventOf<Events>;
}
