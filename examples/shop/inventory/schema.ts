import type { Schema } from "@nacre/chassis/data";
import { catalogue } from "../catalogue.ts";

const shelves = Object.entries(catalogue).map(([item, { stock }]) => `('${item}', ${stock})`);

export const inventorySchema: Schema = {
  part: "shop inventory",
  steps: [
    `create schema inventory;
     create table inventory.stock (item text primary key, available int not null check (available >= 0));
     insert into inventory.stock values ${shelves.join(", ")};
     create table inventory.reservations (
       order_id text primary key, item text, count int not null default 0, state text not null
     )`,
  ],
};
