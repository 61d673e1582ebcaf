import { milliseconds, timeOr } from "../../database/time.ts";
import { deliveriesChannel } from "./schema.ts";

/**
 * Positions are drawn under a lock on the key that is held until the commit, so that nothing appears in front of what was
 * delivered already, whoever else publishes. $1 topics, $2 keys.
 */
const locked = `locked as materialized (
    select count(pg_advisory_xact_lock(1849303, hash)) from (
      select distinct hashtext(topic || ' ' || key) as hash
      from unnest($1::text[], $2::text[]) as keys (topic, key) order by hash
    ) as hashes
  )`;

/** Writes a row for each subscriber. $1 topics, $2 keys, $3 events. */
export const publishStatement = `
  with ${locked}, added as (
    insert into chassis.deliveries (topic, subscriber, key, event)
    select topic, subscriber, key, event
    from locked, unnest($1::text[], $2::text[], $3::text[]) with ordinality as published (topic, key, event, number)
    join chassis.subscriptions using (topic)
    order by number
    returning 1
  )
  select pg_notify('${deliveriesChannel}', '') from added limit 1`;

/** Writes a row for one subscriber. $1 topics, $2 keys, $3 events, $4 subscriber. */
export const redriveStatement = `
  with ${locked}, added as (
    insert into chassis.deliveries (topic, subscriber, key, event)
    select topic, $4, key, event
    from locked, unnest($1::text[], $2::text[], $3::text[]) with ordinality as redriven (topic, key, event, number)
    order by number
    returning 1
  )
  select pg_notify('${deliveriesChannel}', '') from added limit 1`;

/**
 * The row of a key's first message is the lock on the key (as in `data/outbox/drain.ts`). A key whose first message
 * waits for another attempt is left out altogether. $1 topic, $2 subscriber, $3 now, $4 window, $5 how many,
 * $6 how many bytes.
 */
export const claimStatement = `
  with recent as (
    select position, key from chassis.deliveries as delivery
    where topic = $1 and subscriber = $2 and not exists (
      select from chassis.deliveries as waiting
      where waiting.topic = $1 and waiting.subscriber = $2 and waiting.key = delivery.key and waiting.due_at > ${timeOr("$3")}
    )
    order by position limit $4
  ), locked as (
    select position, key from chassis.deliveries
    where position in (select min(position) from recent group by key) and (due_at is null or due_at <= ${timeOr("$3")})
    order by position limit $5
    for update skip locked
  )
  select position, key, event, attempt from (
    select delivery.position, delivery.key, delivery.event, delivery.attempt,
      sum(octet_length(event)) over (order by delivery.position) - octet_length(event) as bytes_before
    from locked join recent using (key) join chassis.deliveries as delivery on delivery.position = recent.position
    order by delivery.position limit $5
  ) as batch
  where bytes_before < $6
  order by position`;

/** Should a crash undo it, the messages are only delivered again: no flush to wait for. $1 positions. */
export const handledStatement = `
  with quick as (select set_config('synchronous_commit', 'off', true))
  delete from chassis.deliveries using quick where position = any ($1::bigint[])`;

/** $1 positions, $2 in how many milliseconds each is due again, $3 now. */
export const failedStatement = `
  update chassis.deliveries set attempt = attempt + 1, due_at = ${timeOr("$3")} + ${milliseconds("delay_ms")}
  from unnest($1::bigint[], $2::float8[]) as failed (position, delay_ms)
  where deliveries.position = failed.position`;

/** $1 consumer, $2 topic, $3 sources, $4 ids, $5 events, $6 attempts, $7 errors, $8 now. */
export const putAsideStatement = `
  insert into chassis.dead_letters (consumer, topic, source, id, event, attempts, error, put_aside_at)
  select $1, $2, source, id, event, attempts, error, ${timeOr("$8")}
  from unnest($3::text[], $4::text[], $5::text[], $6::int[], $7::text[])
    with ordinality as letters (source, id, event, attempts, error, number)
  order by number`;

/** In how many milliseconds the next failed or delayed message is due. $1 topic, $2 subscriber, $3 now. */
export const nextDueStatement = `
  select extract(epoch from least(
    (select min(due_at) from chassis.deliveries where topic = $1 and subscriber = $2 and due_at is not null),
    (select min(due_at) from chassis.delayed where topic = $1)
  ) - ${timeOr("$3")})::float8 * 1000 as "untilMs"`;

/** Keeps messages until they are due. $1 topics, $2 keys, $3 events, $4 when each is due, in milliseconds since 1970. */
export const delayStatement = `
  with added as (
    insert into chassis.delayed (topic, key, event, due_at)
    select topic, key, event, to_timestamp(due_ms / 1000)
    from unnest($1::text[], $2::text[], $3::text[], $4::float8[])
      with ordinality as published (topic, key, event, due_ms, number)
    order by number
    returning 1
  )
  select pg_notify('${deliveriesChannel}', '') from added limit 1`;

/** Takes out what is due, in the order in which it became so. $1 topic, $2 now, $3 how many. */
export const dueStatement = `
  with due as (
    delete from chassis.delayed where number in (
      select number from chassis.delayed where topic = $1 and due_at <= ${timeOr("$2")}
      order by due_at, number limit $3 for update skip locked
    )
    returning number, key, event, due_at
  )
  select key, event from due order by due_at, number`;
