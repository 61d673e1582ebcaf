import { Pool } from "pg";
import type { RealPostgres } from "#testing";
import { type Database, database } from "../../../database/database.ts";
import { migrate } from "../../../database/migrate.ts";
import type { Message } from "../../../messages/message.ts";
import { type Outbox, outbox } from "../outbox.ts";
import type { Relay, RelayOptions } from "../relay.ts";
import { outboxSchema } from "../schema.ts";

/** An outbox in a database of its own, a broker that remembers all it was told, and relays between them. */
export interface OutboxWorld {
  readonly database: Database;
  readonly outbox: Outbox;
  /** What came to the broker, duplicates and all. */
  readonly received: readonly Message[];
  /** Whether the broker refuses a batch, after it has kept a first part of it. */
  refuse: () => boolean;
  /** Adds messages to a key, one transaction each, numbered from 1 in the order of their commits. */
  add(key: string, count: number): Promise<void>;
  /** The same while connections break: a transaction whose end is unknown is not repeated if it was committed. */
  addStubbornly(key: string, count: number): Promise<void>;
  start(relay: (options: RelayOptions) => Relay): void;
  /** How many different messages have come. */
  different(): number;
  /** Resolves when so many have. */
  published(count: number): Promise<void>;
  /** The numbers of a key, in the order in which they came for the first time. */
  firstOf(key: string): readonly number[];
  /** Resolves when nothing is left in the table. */
  empty(): Promise<void>;
  /** Resolves when every relay has let go. */
  stop(): Promise<void>;
  /** Stops, and lets go of the database. */
  close(): Promise<void>;
}

export async function openWorld(postgres: RealPostgres): Promise<OutboxWorld> {
  const pool = new Pool({ connectionString: await postgres.createDatabase(), max: 12 });
  const view = database(pool);
  await migrate(view, [outboxSchema]);
  await view.query("create table counters (key text primary key, count int not null)");
  const received: Message[] = [];
  const ids = new Set<string>();
  const stopping = new AbortController();
  const running: Promise<void>[] = [];
  let heard = () => {};
  const sender = outbox({ source: "/test" });
  const addOne = (key: string) =>
    view.transaction(async (transaction) => {
      const { rows } = await transaction.query(
        "insert into counters values ($1, 1) on conflict (key) do update set count = counters.count + 1 returning count",
        [key],
      );
      await sender.add(transaction, {
        topic: "orders",
        type: "counted",
        key,
        data: (rows as { count: number }[])[0]?.count,
      });
    });
  const world: OutboxWorld = {
    database: view,
    outbox: sender,
    received,
    refuse: () => false,
    async add(key, count) {
      for (let added = 0; added < count; added += 1) await addOne(key);
    },
    async addStubbornly(key, count) {
      for (let counted = 0; counted < count; ) {
        await addOne(key).catch(() => postgres.ready());
        counted = await view
          .query("select count from counters where key = $1", [key])
          .then(({ rows }) => (rows as { count: number }[])[0]?.count ?? 0)
          .catch(() => counted);
      }
    },
    start(relay) {
      const broker = {
        async publish(messages: readonly Message[]) {
          await null;
          const refused = world.refuse();
          for (const message of refused ? messages.slice(0, messages.length / 2) : messages) {
            received.push(message);
            ids.add(message.event.id);
          }
          heard();
          if (refused) throw new Error("the broker is not in the mood");
        },
      };
      running.push(relay({ database: view, broker }).run(stopping.signal));
    },
    different: () => ids.size,
    async published(count) {
      while (ids.size < count)
        await new Promise<void>((resolve) => {
          heard = resolve;
        });
    },
    firstOf(key) {
      const seen = new Set<string>();
      return received
        .filter(({ event }) => event.partitionkey === key && !seen.has(event.id) && seen.add(event.id))
        .map(({ event }) => event.data as number);
    },
    async empty() {
      for (;;) {
        const left = await view.query("select 1 from chassis.outbox limit 1").catch(() => undefined);
        if (left?.rows.length === 0) return;
      }
    },
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
    async close() {
      await world.stop();
      await pool.end();
    },
  };
  return world;
}

/** A database whose sessions tell of their transactions: a relay's looks into the outbox. */
export function watched(
  view: Database,
  { before, after = () => {} }: { readonly before: () => unknown; readonly after?: () => void },
): Database {
  return {
    ...view,
    async session() {
      const session = await view.session();
      return {
        ...session,
        async transaction(work) {
          await before();
          return session.transaction(work).finally(after);
        },
      };
    },
  };
}

export function upTo(last: number): readonly number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}
