import type { Schema } from "../../database/migrate.ts";

export const projectionSchema: Schema = {
  part: "projections",
  steps: [
    `create table chassis.projections (
       name text not null,
       version int not null,
       position bigint not null default 0,
       live boolean not null default false,
       primary key (name, version)
     )`,
  ],
};
