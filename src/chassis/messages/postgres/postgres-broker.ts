import { type Clock, type Logger, type Random, silentLogger, systemClock, systemRandom } from "#base";
import type { Database, Transaction } from "../../database/database.ts";
import type { Broker } from "../broker.ts";
import { keyOf, type Message, momentOf } from "../message.ts";
import { asText } from "./as-text.ts";
import { PostgresDeadLetters } from "./postgres-dead-letters.ts";
import { postgresMarks } from "./postgres-marks.ts";
import { postgresRequests } from "./postgres-requests.ts";
import { PostgresSubscription } from "./postgres-subscription.ts";
import { delayStatement, publishStatement } from "./statements.ts";

export interface PostgresBrokerOptions {
  readonly database: Database;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Logger;
}

/**
 * Messages in tables of one PostgreSQL (`messagesSchema`): no further server to run. Each message is written once per
 * subscriber. A copy that dies, or loses its connection, lets go of what it had in hand at that moment: it is the
 * server that knows, no lease has to run out.
 */
export function postgresBroker({
  database,
  clock = systemClock,
  random = systemRandom,
  log = silentLogger,
}: PostgresBrokerOptions): Broker {
  const publish = async (through: Transaction, messages: readonly Message[]) => {
    const columns = (those: readonly Message[]) => [
      those.map(({ topic }) => topic),
      those.map((message) => asText(keyOf(message))),
      those.map(({ event }) => JSON.stringify(event)),
    ];
    // Whether the moment of one has come the database says, not this machine.
    const { due = [], delayed = [] } = Object.groupBy(messages, (message) =>
      momentOf(message) === undefined ? "due" : "delayed",
    );
    if (due.length > 0) await through.query(publishStatement, columns(due));
    if (delayed.length > 0) await through.query(delayStatement, [...columns(delayed), delayed.map(momentOf)]);
  };
  return {
    publish: (messages) => publish(database, messages),
    marks: postgresMarks(database, publish),
    ...postgresRequests({ database, clock, random, log }),
    async subscribe(options) {
      await database.query("insert into chassis.subscriptions values ($1, $2) on conflict do nothing", [
        options.topic,
        options.subscriber,
      ]);
      return new PostgresSubscription({ database, clock, log, ...options });
    },
    deadLetters: (of) => new PostgresDeadLetters(database, of),
  };
}
