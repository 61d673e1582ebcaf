import type { ServiceContext, Settings } from "@nacre/chassis";
import { consume, type Database, type Outbox, outbox, type Transaction } from "@nacre/chassis/data";
import type { Broker } from "@nacre/chassis/messages";
import { hearCarelessly, tellCarelessly } from "./careless.ts";
import type { Messages } from "./messages.ts";

/** What a part is given: its database, a way to tell and to hear, and where the others answer. */
export interface World {
  readonly database: Database;
  readonly broker: Broker;
  /** Where the part of this name answers. */
  readonly urlOf: (part: string) => string;
  /** Tells, in a part's name, what is committed. */
  readonly outbox: (source: string) => Outbox;
  /** Has each message of a topic take effect once; those without a reaction concern somebody else. */
  readonly hear: (topic: string, consumer: string, reactions: Reactions) => Promise<void>;
  readonly context: ServiceContext<Settings>;
}

/** What a message causes, all of it through the transaction. */
export type Reactions = {
  readonly [Type in keyof Messages]?: (
    transaction: Transaction,
    order: string,
    data: Messages[Type],
  ) => Promise<unknown>;
};

export interface WorldOptions extends Pick<World, "database" | "broker" | "urlOf" | "context"> {
  /** One of the two safeguards, left out to see what it is for. */
  readonly without: "nothing" | "outbox" | "inbox";
}

export function createWorld({ without, ...rest }: WorldOptions): World {
  const { database, broker, context } = rest;
  const listen = without === "inbox" ? hearCarelessly : consume;
  return {
    ...rest,
    outbox: (source) => (without === "outbox" ? tellCarelessly(source, broker) : outbox({ source })),
    async hear(topic, consumer, reactions) {
      const subscription = await listen({
        database,
        broker,
        topic,
        consumer,
        log: context.logger,
        async effect(transaction, { event: { type, subject = "", data } }) {
          await reactions[type as keyof Messages]?.(transaction, subject, data as never);
        },
      });
      context.closeAtEnd(() => subscription.close());
    },
  };
}
