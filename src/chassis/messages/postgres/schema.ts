import type { Schema } from "../../database/migrate.ts";

/** The channel on which it is said that there is something to deliver. */
export const deliveriesChannel = "chassis_deliveries";

/** The channels on which it is said that something was asked, or dropped, and that something was answered. */
export const requestsChannel = "chassis_requests";
export const repliesChannel = "chassis_replies";

export const messagesSchema: Schema = {
  part: "messages",
  steps: [
    `create table chassis.subscriptions (
       topic text not null,
       subscriber text not null,
       primary key (topic, subscriber)
     );
     create table chassis.deliveries (
       position bigint generated always as identity primary key,
       topic text not null,
       subscriber text not null,
       key text not null,
       event text not null,
       attempt int not null default 1,
       due_at timestamptz
     ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
     create index on chassis.deliveries (topic, subscriber, position);
     create index on chassis.deliveries (topic, subscriber, key, due_at) where due_at is not null`,
    `create table chassis.delayed (
       number bigint generated always as identity primary key,
       topic text not null,
       key text not null,
       event text not null,
       due_at timestamptz not null
     );
     create index on chassis.delayed (topic, due_at)`,
    // Inboxes had a table of this name, and in it what is a dead letter still.
    `create table if not exists chassis.dead_letters (
       number bigint generated always as identity primary key,
       consumer text not null,
       topic text not null,
       source text not null,
       id text not null,
       event text not null,
       attempts int not null,
       error text not null,
       put_aside_at timestamptz not null
     );
     alter table chassis.dead_letters drop constraint if exists dead_letters_consumer_source_id_key;
     create index on chassis.dead_letters (topic, consumer, number)`,
    "create table chassis.marks (mark text primary key, at text not null)",
    `create unlogged table chassis.requests (
       id text primary key,
       topic text not null,
       type text not null,
       event text not null,
       asked_at timestamptz not null default now(),
       expires_at timestamptz not null,
       reply text
     ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
     create index on chassis.requests (topic, type, asked_at) where reply is null;
     create index on chassis.requests (expires_at)`,
  ],
};
