import { Client, type ClientConfig, type Pool, type PoolClient } from "pg";
import { internalError } from "#base";

/**
 * A transaction that is open, as its owner's library shows it: anything with the `query` of `pg`. What is asked through
 * it is kept or forgotten with all else that is in it.
 */
export interface Transaction {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** One PostgreSQL, as outboxes, inboxes, relays and sagas see it. */
export interface Database extends Transaction {
  /**
   * Runs `work` in a transaction: committed when it resolves, rolled back when it rejects. It rejects also when `work`
   * resolves but a statement in it had failed, for then there is nothing that PostgreSQL could commit.
   */
  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>;
  /** A connection beside the pool, for what lasts: listening, locks of a session, deliveries in hand. */
  session(): Promise<Session>;
  /** A connection that speaks the replication protocol. Its user needs the attribute REPLICATION. */
  replication(): Promise<Client>;
}

export interface Session extends Transaction {
  /** As `Database.transaction`. It has one connection, so its transactions wait for one another. */
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
      let unusable: Error | undefined;
      try {
        return await inTransaction(client, work, (reason) => {
          unusable = reason;
        });
      } finally {
        client.release(unusable);
      }
    },
    session: () => openSession(pool),
    async replication() {
      const client = new Client({ ...optionsOf(pool), replication: "database" } as ClientConfig);
      // From the first moment: the server may end it with the very words that open it, and an error that nobody hears ends the process.
      client.on("error", () => {});
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
  const client = new Client(optionsOf(pool));
  const lost = new AbortController();
  client.on("error", (error) => lost.abort(error));
  client.once("end", () => lost.abort(new Error("the connection to PostgreSQL has ended")));
  await client.connect();
  let last: Promise<unknown> = Promise.resolve();
  return {
    query: (text, values) => client.query(text, values),
    transaction(work) {
      const mine = last.then(() => inTransaction(client, work, () => void client.end().catch(() => {})));
      last = mine.catch(() => {});
      return mine;
    },
    onNotification: (heard) => client.on("notification", heard),
    lost: lost.signal,
    async close() {
      await client.end().catch(() => {});
    },
  };
}

/**
 * How to connect beside a pool, to stay. A pool hides its password from whoever copies its options; and a connection on
 * which mostly nothing is said must notice by itself when the other side has gone without a word.
 */
function optionsOf({ options }: Pool): ClientConfig {
  return { ...options, password: options.password, keepAlive: true, keepAliveInitialDelayMillis: 10_000 };
}

/**
 * `onUnusable` is told when nobody knows any more what state the connection is in: whoever used it next might find
 * itself in this transaction.
 */
async function inTransaction<Result>(
  client: Client | PoolClient,
  work: (transaction: Transaction) => Promise<Result>,
  onUnusable: (reason: Error) => void,
): Promise<Result> {
  let over = false;
  // What comes too late, from a branch that nobody waited for, would be kept whatever becomes of the transaction.
  const query: Transaction["query"] = async (text, values) => {
    if (over) throw internalError(`the transaction is over in which this was to be asked: ${text}`);
    return client.query(text, values);
  };
  try {
    await client.query("begin");
    const result = await work({ query });
    over = true;
    const { command } = await client.query("commit");
    if (command !== "COMMIT")
      throw internalError(
        "nothing was committed: a statement of the transaction had failed, and was passed over",
      );
    return result;
  } catch (error) {
    over = true;
    await client.query("rollback").catch(onUnusable);
    throw error;
  }
}
