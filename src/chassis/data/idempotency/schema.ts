import type { Schema } from "../../database/migrate.ts";

export const idempotencySchema: Schema = {
  part: "idempotency",
  steps: [
    `create table chassis.idempotency_keys (
       scope text not null,
       key text not null,
       fingerprint text not null,
       answer text,
       made_at timestamptz not null,
       primary key (scope, key)
     );
     create index on chassis.idempotency_keys (scope, made_at)`,
  ],
};
