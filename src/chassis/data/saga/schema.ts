import type { Schema } from "../../database/migrate.ts";

export const sagaSchema: Schema = {
  part: "saga",
  steps: [
    `create table chassis.sagas (
       name text not null,
       id text not null,
       state text not null,
       content text not null,
       entered int not null,
       due_at timestamptz,
       changed_at timestamptz not null,
       primary key (name, id)
     );
     create index on chassis.sagas (name, due_at) where due_at is not null`,
    "alter table chassis.sagas add column failures int not null default 0",
  ],
};
