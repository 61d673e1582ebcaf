import type { Clock, Logger } from "#base";
import type { Database } from "../../database/database.ts";
import type { Broker } from "../../messages/broker.ts";

/**
 * Carries messages from the outbox to a broker, *at least* once each: what every relay promises
 * (`testing/relay-contract.ts`):
 *
 * - What was committed is published, however often the relay, the database or the broker are interrupted.
 * - Of one key nothing is published for the first time before all that was committed earlier.
 * - Any number of copies may run at once.
 */
export interface Relay {
  /**
   * Runs until `signal` is aborted; resolves when it has let go of everything. It does not reject: while the database
   * or the broker is away it waits and says so.
   */
  run(signal: AbortSignal): Promise<void>;
}

export interface RelayOptions {
  readonly database: Database;
  readonly broker: Pick<Broker, "publish">;
  readonly clock?: Clock;
  readonly log?: Logger;
}
