import { setTimeout as pause } from "node:timers/promises";
import { Pool } from "pg";
import {
  type AggregateDefinition,
  aggregates,
  type Database,
  database,
  eventsSchema,
  migrate,
  type Projection,
  projectionSchema,
  projector,
} from "#chassis/data";
import type { RealPostgres } from "#testing";
import { percentile } from "../row.ts";

export interface EventFigures {
  /** What this PostgreSQL does without us: eight writers, a row in a transaction. */
  readonly commitsPerSecond: number;
  /** Eight writers, each on streams of its own: load, decide, append one event at the version that was seen, commit. */
  readonly appendsPerSecond: number;
  /** Eight writers with 50 events in an append, from the first commit to the last event that readers see. */
  readonly projectedPerSecond: number;
  /** A new version of the projection, from the first event to the moment in which readers see it. */
  readonly rebuiltPerSecond: number;
  /** The same with a statement per batch in place of one per event. */
  readonly rebuiltByBatchesPerSecond: number;
  /** From the answer to an append to the commit of what the projection makes of it, at 100 appends a second. */
  readonly lagP50Ms: number;
  readonly lagP99Ms: number;
}

const writers = 8;
const appends = 250;
const lagged = 400;
const everyMs = 10;
const batches = 50;
const batch = 50;

const order: AggregateDefinition<number, { changed: { at: number; cents: number } }> = {
  name: "order",
  initial: 0,
  evolve: { changed: (cents, event) => cents + event.cents },
};

const table = {
  name: "totals",
  create: (table: string) => `create table ${table} (id text primary key, cents bigint not null)`,
};

/** A row per stream, as most projections have. */
function totals(version: number, seen: (at: number) => void): Projection {
  return {
    ...table,
    version,
    on: {
      async changed(transaction, table, { id, data }) {
        const { at, cents } = data as { at: number; cents: number };
        await transaction.query(
          `insert into ${table} values ($1, $2) on conflict (id) do update set cents = ${table}.cents + excluded.cents`,
          [id, cents],
        );
        seen(at);
      },
    },
  };
}

/** The same, said in one statement for each batch. */
function totalsByBatches(version: number): Projection {
  return {
    ...table,
    version,
    onBatch: (transaction, table, events) =>
      transaction.query(
        `insert into ${table} select id, sum(cents) from unnest($1::text[], $2::int[]) as changed (id, cents) group by id
         on conflict (id) do update set cents = ${table}.cents + excluded.cents`,
        [events.map(({ id }) => id), events.map(({ data }) => (data as { cents: number }).cents)],
      ),
  };
}

export async function measureEvents(postgres: RealPostgres): Promise<EventFigures> {
  const pool = new Pool({ connectionString: await postgres.createDatabase(), max: 20 });
  const view = database(pool);
  const stop = new AbortController();
  let running: Promise<void> = Promise.resolve();
  try {
    await migrate(view, [eventsSchema, projectionSchema]);
    const orders = aggregates({ definition: order });
    const change = (id: string, at: number, version: number, count = 1) =>
      view.transaction((transaction) =>
        orders.change(
          transaction,
          id,
          () => Array.from({ length: count }, () => ({ type: "changed", data: { at, cents: 1 } }) as const),
          { expectedVersion: version },
        ),
      );

    await view.query("create table bare (id bigint generated always as identity primary key, text text)");
    const commitsPerSecond = await perSecond(writers * appends, () =>
      together(async () => {
        for (let count = 0; count < appends; count += 1)
          await view.transaction((transaction) => transaction.query("insert into bare (text) values ('x')"));
      }),
    );
    const appendsPerSecond = await perSecond(writers * appends, () =>
      together(async (writer) => {
        for (let count = 0; count < appends; count += 1)
          await change(`${writer}/${count % 50}`, 0, Math.floor(count / 50));
      }),
    );

    const shown = new Shown(view);
    running = projector({
      projection: totals(1, (at) => shown.applied(at)),
      events: view,
      database: shown.database,
    }).run(stop.signal);
    await shown.until(writers * appends);

    const answeredAt = new Map<number, number>();
    for (let at = 1; at <= lagged; at += 1) {
      const next = performance.now() + everyMs;
      await change(`lag/${at}`, at, 0);
      answeredAt.set(at, performance.now());
      await pause(Math.max(0, next - performance.now()));
    }
    await shown.until(writers * appends + lagged);
    const lags = [...answeredAt].map(([at, answered]) => Math.max(0, (shown.at.get(at) ?? 0) - answered));

    const written = writers * batches * batch;
    const projectedPerSecond = await perSecond(written, async () => {
      await together(async (writer) => {
        for (let count = 0; count < batches; count += 1)
          await change(`batch/${writer}/${count}`, 0, 0, batch);
      });
      await shown.until(writers * appends + lagged + written);
    });
    stop.abort();
    await running;

    const all = writers * appends + lagged + written;
    const rebuilt = (projection: Projection) =>
      perSecond(all, () => projector({ projection, events: view }).catchUp());
    return {
      commitsPerSecond,
      appendsPerSecond,
      projectedPerSecond,
      rebuiltPerSecond: await rebuilt(totals(2, () => {})),
      rebuiltByBatchesPerSecond: await rebuilt(totalsByBatches(3)),
      lagP50Ms: percentile(lags, 0.5),
      lagP99Ms: percentile(lags, 0.99),
    };
  } finally {
    stop.abort();
    await running;
    await pool.end();
  }
}

/** When readers could see what, by the commits of the projector's transactions. */
class Shown {
  readonly database: Database;
  readonly at = new Map<number, number>();
  #count = 0;
  #batch: number[] = [];
  #heard = () => {};

  constructor(view: Database) {
    this.database = {
      ...view,
      transaction: async (work) => {
        this.#batch = [];
        const result = await view.transaction(work);
        for (const at of this.#batch) this.at.set(at, performance.now());
        this.#count += this.#batch.length;
        this.#heard();
        return result;
      },
    };
  }

  applied(at: number): void {
    this.#batch.push(at);
  }

  until(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#heard = () => this.#count >= count && resolve();
      this.#heard();
    });
  }
}

async function perSecond(count: number, work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return count / ((performance.now() - began) / 1000);
}

async function together(work: (writer: number) => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: writers }, (_, writer) => work(writer)));
}
