import { badRequest } from "#base";
import type { Transaction } from "../../database/database.ts";
import type { Delivery, SubscribeOptions } from "../broker.ts";
import { putAside } from "../dead-letters.ts";
import { type Draft, isTopicName, type Message } from "../message.ts";
import { type Check, checkOf } from "./check.ts";
import type { Declared, DraftOf, EventOf, EventSchemas } from "./declared.ts";
import { type Asks, type QuestionSchemas, questionsOf } from "./questions.ts";

export interface TopicDefinition<Events extends EventSchemas, Questions extends QuestionSchemas> {
  readonly name: string;
  /** What is said in it: types of events, and what is in them. */
  readonly events: Events;
  /**
   * What becomes of an event whose type is not declared here, but maybe in a newer version. By default it is passed over,
   * as an event without a reaction is.
   */
  readonly unknown?: "passed over" | "put aside";
  /** What is asked in it, with what is answered. */
  readonly questions?: Questions;
}

/** A topic whose events are declared: what is said in it is checked before it is sent, what is heard before it is handled. */
export interface Topic<Events extends EventSchemas, Questions extends QuestionSchemas>
  extends Declared<EventOf<Events>>,
    Asks<Questions> {
  readonly events: Events;
  /** For whatever takes a draft: a composer, an outbox, a saga. Refuses what does not fit, while the sender can still react. */
  draft(draft: DraftOf<Events>): Draft;
  /** A subscription's topic and handler. Events without a reaction are passed over. */
  handles(reactions: Handlers<Events>): Pick<SubscribeOptions, "topic" | "handle">;
  /** A consumer's topic and effect. */
  effects(reactions: Effects<Events>): Consumed;
}

export type Handlers<Events extends EventSchemas> = {
  readonly [Type in keyof Events & string]?: (
    event: EventOf<Events, Type>,
    delivery: Delivery,
  ) => Promise<unknown>;
};

export type Effects<Events extends EventSchemas> = {
  readonly [Type in keyof Events & string]?: (
    transaction: Transaction,
    event: EventOf<Events, Type>,
  ) => Promise<unknown>;
};

/** Part of the options of `consume`. */
export interface Consumed {
  readonly topic: string;
  readonly effect: (transaction: Transaction, message: Message) => Promise<unknown>;
}

export function topic<
  const Events extends EventSchemas,
  const Questions extends QuestionSchemas = Readonly<Record<never, never>>,
>({
  name,
  events,
  unknown = "passed over",
  questions,
}: TopicDefinition<Events, Questions>): Topic<Events, Questions> {
  if (!isTopicName(name))
    throw badRequest(
      `cannot declare topic "${name}": a topic is 1 to 128 lower-case letters, digits, dots and dashes`,
    );
  const checks = new Map<string, Check>(
    Object.entries(events).map(([type, schema]) => [type, checkOf(schema)]),
  );
  const refuse = (type: string, why: string) => badRequest(`cannot send ${type} to topic "${name}": ${why}`);

  const read = ({ event }: Message): EventOf<Events> | undefined => {
    const check = checks.get(event.type);
    if (!check) {
      if (unknown === "passed over") return undefined;
      throw putAside(`topic "${name}" declares no ${event.type}`);
    }
    const data = check.heard(event.data);
    if (!data.fits) throw putAside(`${event.type} is not as topic "${name}" declares it: ${data.why}`);
    return { ...event, data: data.value } as EventOf<Events>;
  };

  return {
    ...questionsOf(name, questions ?? ({} as Questions)),
    name,
    events,
    read,
    draft(said) {
      const { data, ...draft } = said as Omit<Draft, "topic">;
      const check = checks.get(draft.type);
      if (!check) throw refuse(draft.type, `it declares ${[...checks.keys()].join(", ")}`);
      const checked = check.said(data);
      if (!checked.fits) throw refuse(draft.type, checked.why);
      return { ...draft, topic: name, data: checked.value };
    },
    handles: (reactions) => ({
      topic: name,
      async handle(delivery) {
        const event = read(delivery.message);
        if (event) await reactionTo(reactions, event.type)?.(event, delivery);
      },
    }),
    effects: (reactions) => ({
      topic: name,
      async effect(transaction, message) {
        const event = read(message);
        if (event) await reactionTo(reactions, event.type)?.(transaction, event);
      },
    }),
  };
}

/** The one that is declared for the type; that it takes events of the type, the compiler has seen. */
function reactionTo(
  reactions: object,
  type: string,
): ((...given: unknown[]) => Promise<unknown>) | undefined {
  return Object.hasOwn(reactions, type) ? reactions[type as keyof typeof reactions] : undefined;
}
