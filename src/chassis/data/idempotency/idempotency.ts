import { type Clock, systemClock } from "#base";
import type { Principal } from "../../auth/mod.ts";
import { Flights } from "../../calls/flights.ts";
import type { Database, Transaction } from "../../database/database.ts";
import { milliseconds, timeBy, timeOr } from "../../database/time.ts";
import { problem } from "../../http/problem.ts";
import { current } from "../../telemetry/mod.ts";
import { limits } from "../limits.ts";
import { fingerprint } from "./fingerprint.ts";
import { readAnswer, writeAnswer } from "./stored-answer.ts";

export interface IdempotencyOptions {
  readonly database: Database;
  /** Where keys are unique: a service, or a part of one. Besides, each principal has keys of its own. */
  readonly scope: string;
  readonly clock?: Clock;
  readonly retentionMs?: number;
}

/**
 * Requests that may come twice and have one effect. Their caller gives each a key, in the header `idempotency-key`, and gives it again when it does
 * not know what became of the first: draft-ietf-httpapi-idempotency-key-header.
 */
export interface Idempotency {
  /**
   * Runs `effect` once per key. Its answer and whatever it did through the transaction are kept together, or not at all; who comes again is given the
   * answer that was kept. Who comes at the same time, to this copy of the service or to another, waits for the outcome.
   *
   * What throws has no effect, so nothing is kept, and the key may be used again. A refusal that is to be kept is returned: `answer(402, …)`. The
   * signal is aborted when none of those who wait is left.
   */
  once<Result>(
    request: KeyedRequest,
    effect: (transaction: Transaction, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result>;
  /** Forgets keys that nobody uses any more. To be called now and then. How many. */
  forget(transaction: Transaction): Promise<number>;
}

/** What is asked, of a route that takes the header `idempotency-key`. Without one, where the route allows it, the effect just happens. */
export interface KeyedRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: { readonly "idempotency-key"?: string };
  readonly body: unknown;
  readonly principal: Pick<Principal, "subject"> | undefined;
  readonly signal: AbortSignal;
  readonly remainingMs: () => number;
}

export function idempotency({
  database,
  scope,
  clock = systemClock,
  retentionMs = limits.keyRetentionMs,
}: IdempotencyOptions): Idempotency {
  // Of equal requests to this copy one goes to the database: the others would each hold a connection to wait there.
  const flights = new Flights<unknown>();
  return {
    async once<Result>(request: KeyedRequest, effect: Effect<Result>) {
      const key = request.headers["idempotency-key"];
      if (key === undefined)
        return database.transaction((transaction) => effect(transaction, request.signal));
      const claim: Claim = {
        scope: JSON.stringify([scope, request.principal?.subject ?? null]),
        key,
        fingerprint: fingerprint(request.params, request.query, request.body),
        at: timeBy(clock),
        waitMs: Math.ceil(Math.min(limits.keyWaitMs, Math.max(1, request.remainingMs()))),
      };
      const flight = JSON.stringify([claim.scope, key, claim.fingerprint]);
      // The same effect gave what was kept.
      return flights.join(flight, request.signal, (signal) =>
        database.transaction((transaction) => onceIn(transaction, claim, () => effect(transaction, signal))),
      ) as Promise<Result>;
    },
    async forget(transaction) {
      const { rows } = await transaction.query(
        `delete from chassis.idempotency_keys where (scope, key) in (
           select scope, key from chassis.idempotency_keys where made_at < ${timeOr("$1")} - ${milliseconds("$2")} order by made_at limit $3
         ) returning 1`,
        [timeBy(clock), retentionMs, limits.forgetBatch],
      );
      return rows.length;
    },
  };
}

type Effect<Result> = (transaction: Transaction, signal: AbortSignal) => Promise<Result>;

interface Claim {
  readonly scope: string;
  readonly key: string;
  readonly fingerprint: string;
  /** Absent: the database says. */
  readonly at: Date | null;
  /** How long to wait for somebody else who has claimed the key and is not done. */
  readonly waitMs: number;
}

async function onceIn(
  transaction: Transaction,
  claim: Claim,
  effect: () => Promise<unknown>,
): Promise<unknown> {
  const { scope, key } = claim;
  if (await isFirst(transaction, claim)) {
    const result = await effect();
    await transaction.query("update chassis.idempotency_keys set answer = $3 where scope = $1 and key = $2", [
      scope,
      key,
      writeAnswer(result),
    ]);
    return result;
  }
  const { rows } = await transaction.query(
    "select fingerprint, answer from chassis.idempotency_keys where scope = $1 and key = $2",
    [scope, key],
  );
  const [kept] = rows as readonly { fingerprint: string; answer: string }[];
  // It was forgotten just after it was found: the key is free.
  if (!kept) return onceIn(transaction, claim, effect);
  if (kept.fingerprint !== claim.fingerprint)
    throw problem(422, `the idempotency key ${key} was used for another request`);
  current()?.span?.set({ "idempotency.replayed": true });
  return readAnswer(kept.answer);
}

/** Whether the key is this transaction's. Whoever else has claimed it and is not done is waited for: they may fail, and then it is. */
async function isFirst(
  transaction: Transaction,
  { scope, key, fingerprint, at, waitMs }: Claim,
): Promise<boolean> {
  try {
    const { rows } = await transaction.query(claimKey, [scope, key, fingerprint, at, `${waitMs}ms`]);
    return rows.length === 1;
  } catch (error) {
    if ((error as { code?: unknown }).code !== lockNotAvailable) throw error;
    throw problem(409, `the request with the idempotency key ${key} is being answered`, {
      headers: { "retry-after": "1" },
      cause: error,
    });
  }
}

/** The wait is bounded for this statement alone: the effect waits for locks as its owner likes. */
const claimKey = `
  with before as materialized (
    select current_setting('lock_timeout') as wait, set_config('lock_timeout', $5, true)
  )
  insert into chassis.idempotency_keys (scope, key, fingerprint, made_at)
  select $1, $2, $3, ${timeOr("$4")} from before
  on conflict do nothing
  returning set_config('lock_timeout', (select wait from before), true)`;

/** PostgreSQL's code for a wait that took too long. */
const lockNotAvailable = "55P03";
