import type { Schema } from "../../database/migrate.ts";

/** The channel on which it is said that events were committed: when somebody sleeps until it is said. */
export const eventsChannel = "chassis_events";

/**
 * The advisory lock that those share who sleep. PostgreSQL makes commits that notify wait for one another, each for its
 * flush; so whoever appends looks whether it is held, and else says nothing. Whoever is about to sleep takes it first and
 * then looks once more: what was appended without a word is there by then, or open, and `readLog` says that there is more.
 */
export const asleep = "1849306, 0";

export const eventsSchema: Schema = {
  part: "events",
  steps: [
    `create table chassis.events (
       position bigint generated always as identity primary key,
       stream text not null,
       id text not null,
       version int not null,
       type text not null,
       shape int not null,
       data text not null,
       recorded_at timestamptz not null,
       constraint events_once unique (stream, id, version)
     );
     create table chassis.snapshots (
       stream text not null,
       id text not null,
       version int not null,
       shape int not null,
       state text not null,
       primary key (stream, id)
     )`,
  ],
};
