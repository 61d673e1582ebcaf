import type { Clock, Logger, Random } from "#base";
import type { Database } from "../../database/database.ts";
import { inTime } from "../requests/in-time.ts";
import type { Requests } from "../requests/requests.ts";
import { PostgresAnswerer } from "./postgres-answerer.ts";
import { PostgresAsker } from "./postgres-asker.ts";

export interface PostgresRequestsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/**
 * Requests are rows of a table that is not logged: who waits for an answer notices when they are lost. Whoever answers one holds
 * a lock on its name for as long as its connection stands.
 */
export function postgresRequests(options: PostgresRequestsOptions): Requests {
  const asker = new PostgresAsker(options);
  return {
    request: (request) => inTime(request, options.clock, (bounded) => asker.request(bounded)),
    answer: async (answering) => new PostgresAnswerer(options, answering),
  };
}
