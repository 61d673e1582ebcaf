import { putAside } from "../../messages/dead-letters.ts";
import type { Draft } from "../../messages/message.ts";
import type { Move, SagaDefinition } from "./definition.ts";

/** Where one saga stands. */
export interface Instance<State extends string, Content> {
  readonly id: string;
  readonly state: State;
  readonly content: Content;
  /** How many states it has entered. */
  readonly entered: number;
}

/** What is to be written when a saga moves. */
export interface Step<State extends string, Content> {
  readonly instance: Instance<State, Content>;
  readonly send: readonly Draft[];
  /** When the new state's timeout is due, from now; `undefined`: never. */
  readonly timeoutMs: number | undefined;
}

/** How a saga begins. */
export function begin<State extends string, Events extends object, Content>(
  definition: SagaDefinition<State, Events, Content>,
  id: string,
  content: Content,
): Step<State, Content> {
  return enter(definition, { id, state: definition.initial, content, entered: 1 });
}

/** What a saga does when it hears an event; `undefined` when it stays as it is. Throws `PutAside` when it cannot come here. */
export function hear<State extends string, Events extends object, Content>(
  definition: SagaDefinition<State, Events, Content>,
  instance: Instance<State, Content>,
  type: keyof Events & string,
  heard: Events[keyof Events & string],
): Step<State, Content> | undefined {
  const state = definition.states[instance.state];
  // What is over is over: whatever comes now was sent before, or twice.
  if ("final" in state) return undefined;
  const cell = state.on[type];
  if (cell === "ignored") return undefined;
  if (cell === "refused")
    throw putAside(
      `saga ${definition.name} ${instance.id} is ${instance.state}, where ${type} cannot come: its sender is mistaken`,
    );
  return move(definition, instance, cell, heard);
}

/** What a saga does when its state's time is over; `undefined` when there is none. */
export function timeOut<State extends string, Events extends object, Content>(
  definition: SagaDefinition<State, Events, Content>,
  instance: Instance<State, Content>,
): Step<State, Content> | undefined {
  const state = definition.states[instance.state];
  if ("final" in state || state.timeout === "never") return undefined;
  return move(definition, instance, state.timeout, undefined);
}

function move<State extends string, Events extends object, Content, Heard>(
  definition: SagaDefinition<State, Events, Content>,
  { id, content, entered }: Instance<State, Content>,
  { to, keep }: Move<State, Heard, Content>,
  heard: Heard,
): Step<State, Content> {
  return enter(definition, {
    id,
    state: to,
    content: keep ? keep(content, heard) : content,
    entered: entered + 1,
  });
}

function enter<State extends string, Events extends object, Content>(
  definition: SagaDefinition<State, Events, Content>,
  instance: Instance<State, Content>,
): Step<State, Content> {
  const state = definition.states[instance.state];
  const { id, content, entered } = instance;
  const send = (state.send?.(content, id) ?? []).map((draft, index) => ({
    key: id,
    subject: id,
    // The same command has the same name, whoever sends it.
    id: `${definition.name}/${id}/${entered}/${index + 1}`,
    ...draft,
  }));
  const isUntimed = "final" in state || state.timeout === "never";
  return { instance, send, timeoutMs: isUntimed ? undefined : state.timeout.afterMs };
}
