import { repliesChannel, requestsChannel } from "./schema.ts";

/**
 * What is there already is only pointed out again. $1 ids, $2 topics, $3 types, $4 events, $5 for how many milliseconds more
 * each is waited for.
 */
export const askStatement = `
  with asked as (
    insert into chassis.requests (id, topic, type, event, expires_at)
    select id, topic, type, event, statement_timestamp() + remaining * interval '1 millisecond'
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]) as asked (id, topic, type, event, remaining)
    on conflict do nothing
  ), expired as (
    delete from chassis.requests where expires_at < statement_timestamp()
  )
  select pg_notify('${requestsChannel}', '')`;

/** Takes what was answered. $1 ids. */
export const answeredStatement =
  "delete from chassis.requests where id = any ($1::text[]) and reply is not null returning id, reply";

/** Nobody waits for them any more. $1 ids. */
export const dropStatement = `
  with dropped as (delete from chassis.requests where id = any ($1::text[]))
  select pg_notify('${requestsChannel}', '')`;

/**
 * The ids of requests that nobody else has in hand, locked to this connection. $1 topic, $2 type, $3 those that are in hand
 * here, $4 how many.
 */
export const claimRequestsStatement = `
  with open as materialized (
    select id, asked_at from chassis.requests
    where topic = $1 and type = $2 and reply is null and expires_at > statement_timestamp() and id <> all ($3::text[])
    order by asked_at
  )
  select id from open where pg_try_advisory_lock(1849304, hashtext(id)) limit $4`;

/** Those that are not answered yet. $1 ids. */
export const takeRequestsStatement = `
  select id, event,
    (extract(epoch from expires_at - statement_timestamp()) * 1000)::float8 as "remainingMs"
  from chassis.requests where id = any ($1::text[]) and reply is null`;

/** Which of the requests somebody still waits for. $1 ids. */
export const waitedForStatement = "select id from chassis.requests where id = any ($1::text[])";

/** $1 id, $2 reply. */
export const replyStatement = `
  with answered as (update chassis.requests set reply = $2 where id = $1 returning 1)
  select pg_notify('${repliesChannel}', '') from answered`;

/** $1 ids. */
export const unlockStatement =
  "select pg_advisory_unlock(1849304, hashtext(id)) from unnest($1::text[]) as finished (id)";
