import type { Clock, Logger, Metrics } from "#base";
import type { Database, Transaction } from "../../database/database.ts";
import type { Broker, Subscription } from "../../messages/broker.ts";
import type { CloudEvent } from "../../messages/cloud-event.ts";
import { putAside } from "../../messages/dead-letters.ts";
import { draftIn, nameOf, readAs } from "../../messages/topics/declared.ts";
import { consume, type Patience } from "../inbox/consume.ts";
import type { Outbox } from "../outbox/outbox.ts";
import { checkChoreography } from "./check.ts";
import type { Choreography } from "./definition.ts";

/** What a participant does when it hears an event, and what it then says; nothing, where the flow declares nothing. */
export type Reaction<Types extends string> = [Types] extends [never]
  ? (transaction: Transaction, event: CloudEvent) => Promise<unknown>
  : (transaction: Transaction, event: CloudEvent) => Promise<Said<Types>>;

export interface Said<Types extends string> {
  readonly type: Types;
  readonly data: unknown;
}

/** A reaction for every event that the flow has the participant react to: one that is missing does not compile. */
export type Reactions<Flow extends Choreography, Name extends keyof Flow["participants"]> = {
  readonly [Event in keyof Flow["participants"][Name]]: Reaction<Flow["participants"][Name][Event][number]>;
};

export interface ParticipantOptions<
  Flow extends Choreography,
  Name extends keyof Flow["participants"] & string,
> {
  readonly reactions: Reactions<Flow, Name>;
  readonly database: Database;
  readonly outbox: Outbox;
  readonly broker: Broker;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Told of what fails, as `consume` tells it. */
  readonly metrics?: Metrics;
  /** With reactions that fail; one that says what is not declared is not tried again. */
  readonly patience?: Patience;
}

/**
 * Reacts to the events of a flow: the mark that it was heard, what the reaction does and what it says are one
 * transaction. What it says has the subject and the key of what was heard, so one undertaking keeps its order.
 */
export function participate<
  const Flow extends Choreography,
  const Name extends keyof Flow["participants"] & string,
>(flow: Flow, participant: Name, options: ParticipantOptions<Flow, Name>): Promise<Subscription> {
  const { database, outbox, broker, clock, log, metrics } = options;
  checkChoreography(flow);
  const declared = flow.participants[participant] ?? {};
  const reactions = options.reactions as Readonly<Record<string, Reaction<never>>>;
  return consume({
    database,
    broker,
    topic: nameOf(flow.topic),
    consumer: `${flow.name} ${participant}`,
    effect: async (transaction, message) => {
      const event = readAs(flow.topic, message);
      const says = event && Object.hasOwn(declared, event.type) ? declared[event.type] : undefined;
      if (!event || !says) return;
      const said = (await reactions[event.type]?.(transaction, event)) as Said<string> | undefined;
      if (says.length === 0) return;
      if (!said || !says.includes(said.type))
        throw putAside(
          `${participant} says ${said?.type ?? "nothing"} after ${event.type}; the flow ${flow.name} knows ${says.join(", ")}`,
        );
      await outbox.add(
        transaction,
        draftIn(flow.topic, {
          key: event.partitionkey,
          ...(event.subject === undefined ? {} : { subject: event.subject }),
          // The same reaction has the same name.
          id: `${flow.name}/${participant}/${event.id}`,
          ...said,
        }),
      );
    },
    ...options.patience,
    ...(clock ? { clock } : {}),
    ...(log ? { log } : {}),
    ...(metrics ? { metrics } : {}),
  });
}
