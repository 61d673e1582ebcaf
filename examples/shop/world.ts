import type { ServiceContext, Settings } from "@nacre/chassis";
import {
  consume,
  type Database,
  type Outbox,
  outbox,
  participate,
  type Reactions,
  type Transaction,
} from "@nacre/chassis/data";
import type { Broker, Subscription } from "@nacre/chassis/messages";
import { hearCarelessly, tellCarelessly } from "./careless.ts";
import { fulfilment } from "./fulfilment.ts";
import { type Commands, commandTopics, type Facts } from "./messages.ts";

/** What a part is given: its database, a way to tell and to hear, and where the others answer. */
export interface World {
  readonly database: Database;
  readonly broker: Broker;
  /** Where the part of this name answers. */
  readonly urlOf: (part: string) => string;
  /** Tells, in a part's name, what is committed. */
  readonly outbox: (source: string) => Outbox;
  /** Has each command that a part is given take effect once. */
  readonly obey: (part: Commanded, deeds: Deeds) => Promise<void>;
  /** Takes a part in what follows on an order: a deed for each fact that the part reacts to, and no other. */
  readonly react: <Name extends Participant>(name: Name, deeds: FactDeeds<Name>) => Promise<void>;
  readonly context: ServiceContext<Settings>;
}

/** What a message about an order causes, all of it through the transaction. */
type Deed<Data, Result = unknown> = (transaction: Transaction, order: string, data: Data) => Promise<Result>;

/** A part that is given commands. */
type Commanded = keyof typeof commandTopics;

export type Deeds = { readonly [Type in keyof Commands]?: Deed<Commands[Type]> };

type Participants = (typeof fulfilment)["participants"];
type Participant = keyof Participants & string;

/** What was done may have to be said. */
export type FactDeeds<Name extends Participant> = {
  readonly [Type in keyof Participants[Name] & keyof Facts]: Deed<
    Facts[Type],
    Participants[Name][Type] extends readonly (infer Said extends keyof Facts)[] ? Saying<Said> : never
  >;
};

type Saying<Type extends keyof Facts> = [Type] extends [never]
  ? unknown
  : { readonly [Each in Type]: { readonly type: Each; readonly data: Facts[Each] } }[Type];

export interface WorldOptions extends Pick<World, "database" | "broker" | "urlOf" | "context"> {
  /** One of the two safeguards, left out to see what it is for. */
  readonly without: "nothing" | "outbox" | "inbox";
}

export function createWorld({ without, ...rest }: WorldOptions): World {
  const { database, context } = rest;
  const broker = without === "inbox" ? hearCarelessly(rest.broker, context.random) : rest.broker;
  const outboxOf = (source: string) =>
    without === "outbox" ? tellCarelessly(source, broker) : outbox({ source });
  const common = { database, broker, log: context.logger, metrics: context.metrics };
  const keep = async (subscribed: Promise<Subscription>) => {
    const subscription = await subscribed;
    context.closeAtEnd(() => subscription.close());
  };
  return {
    ...rest,
    broker,
    outbox: outboxOf,
    obey: (part, deeds) =>
      keep(
        consume({
          ...common,
          topic: commandTopics[part],
          consumer: part,
          async effect(transaction, { event: { type, subject = "", data } }) {
            await deeds[type as keyof Commands]?.(transaction, subject, data as never);
          },
        }),
      ),
    react: (name, deeds) =>
      keep(
        participate(fulfilment, name, {
          ...common,
          outbox: outboxOf(`/${name}`),
          reactions: reactionsOf(deeds),
        }),
      ),
  };
}

/** A deed is told whose order it is; what it does not declare it does not say. */
function reactionsOf<Name extends Participant>(deeds: FactDeeds<Name>): Reactions<typeof fulfilment, Name> {
  const reactions = Object.entries<Deed<never>>(deeds).map(([type, deed]) => [
    type,
    (transaction: Transaction, { subject = "", data }: { subject?: string; data?: unknown }) =>
      deed(transaction, subject, data as never),
  ]);
  return Object.fromEntries(reactions);
}
