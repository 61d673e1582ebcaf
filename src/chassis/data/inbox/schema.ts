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
     create index on chassis.inbox (consumer, handled_at)`,
  ],
};
