import { Client, type ClientConfig, type Pool, type PoolClient } from "pg";

/**
 * A transaction that is open, as its owner's library shows it: anything with the `query` of `pg`. What is asked through
 * it is kept or forgotten with all else that is in it.
 */
export interface Transaction {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** One PostgreSQL, as outboxes, inboxes, relays and sagas see it. */
export interface Database extends Transaction {
  /** Runs `work` in a transaction: committed when it resolves, rolled back when it rejects. */
  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>;
  /** A connection beside the pool, for what lasts: listening, locks of a session, deliveries in hand. */
  session(): Promise<Session>;
  /** A connection that speaks the replication protocol. Its user needs the attribute REPLICATION. */
  replication(): Promise<Client>;
}

export interface Session extends Transaction {
  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>;
  /** Calls `heard` for every notification on any channel that this session listens to. */
  onNotification(heard: () => void): void;
  /** Aborted when the connection is lost or closed; the reason says how. */
  readonly lost: AbortSignal;
  close(): Promise<void>;
}

/** The chassis' view of a pool that stays its owner's: it is neither ended nor configured here. */
export function database(pool: Pool): Database {
  survive(pool);
  return {
    query: (text, values) => pool.query(text, values),
    async transaction(work) {
      const client = await pool.connect();
      try {
        return await inTransaction(client, work);
      } finally {
        client.release();
      }
    },
    session: () => openSession(pool),
    async replication() {
      const client = new Client({ ...pool.options, replication: "database" } as ClientConfig);
      await client.connect();
      return client;
    },
  };
}

/**
 * Errors of connections that nobody listens to would end the process. Whoever asks something of a lost connection is
 * told so, and the pool replaces it; the last words of one that was already given back concern nobody.
 */
function survive(pool: Pool): void {
  if (surviving.has(pool)) return;
  surviving.add(pool);
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
}

const surviving = new WeakSet<Pool>();

async function openSession(pool: Pool): Promise<Session> {
  const client = new Client(pool.options);
  const lost = new AbortController();
  client.on("error", (error) => lost.abort(error));
  client.once("end", () => lost.abort(new Error("the connection to PostgreSQL has ended")));
  await client.connect();
  return {
    query: (text, values) => client.query(text, values),
    transaction: (work) => inTransaction(client, work),
    onNotification: (heard) => client.on("notification", heard),
    lost: lost.signal,
    async close() {
      await client.end().catch(() => {});
    },
  };
}

async function inTransaction<Result>(
  client: Client | PoolClient,
  work: (transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  await client.query("begin");
  try {
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw error;
  }
}
