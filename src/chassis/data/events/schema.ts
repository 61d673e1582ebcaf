import type { Schema } from "../../database/migrate.ts";

/** The channel on which it is said that events were committed. */
export const eventsChannel = "chassis_events";

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
