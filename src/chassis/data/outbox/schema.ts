import type { Schema } from "../../database/migrate.ts";

/** The channel on which outboxes say that a transaction with messages was committed. */
export const outboxChannel = "chassis_outbox";

/** What the log relay reads: the rows that are added, and not that they are deleted when they were sent. */
export const outboxPublication = "chassis_outbox";

export const outboxSchema: Schema = {
  part: "outbox",
  steps: [
    // Rows come and go: without these settings the dead ones would pile up until they are a fifth of a table that is
    // empty most of the time.
    `create table chassis.outbox (
       position bigint generated always as identity primary key,
       topic text not null,
       key text not null,
       event text not null
     ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
     create publication ${outboxPublication} for table chassis.outbox with (publish = 'insert')`,
  ],
};
