import type { Schema } from "../../database/migrate.ts";

export const inboxSchema: Schema = {
  part: "inbox",
  steps: [
    `create table chassis.inbox (
       consumer text not null,
       source text not null,
       id text not null,
       handled_at timestamptz not null,
       primary key (consumer, source, id)
     );
     create index on chassis.inbox (consumer, handled_at);
     create table chassis.dead_letters (
       number bigint generated always as identity primary key,
       consumer text not null,
       topic text not null,
       source text not null,
       id text not null,
       event text not null,
       attempts int not null,
       error text not null,
       put_aside_at timestamptz not null,
       unique (consumer, source, id)
     )`,
  ],
};
