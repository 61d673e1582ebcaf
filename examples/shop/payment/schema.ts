import type { Schema } from "@nacre/chassis/data";

export const paymentSchema: Schema = {
  part: "shop payment",
  steps: [
    `create schema payment;
     create table payment.accounts (customer text primary key, cents bigint not null check (cents >= 0));
     create table payment.ledger (
       id bigint generated always as identity primary key, customer text not null, cents bigint not null, for_order text
     )`,
  ],
};
