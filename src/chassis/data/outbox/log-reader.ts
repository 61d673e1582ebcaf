import type { Client } from "pg";
import type { Clock, Timer } from "#base";
import type { Database } from "../../database/database.ts";
import { limits } from "../limits.ts";
import type { OutboxRow } from "./drain.ts";
import { readRecord } from "./pgoutput.ts";
import { outboxPublication } from "./schema.ts";

/**
 * Reads from the server's log what is added to the outbox. Its slot is temporary: it goes with the connection, and so
 * does all the log that the server keeps for it. What was received is confirmed at once: whoever loses rows between here
 * and the broker finds them in the table.
 */
export class LogReader {
  readonly slot: string;
  /** Aborted when the connection is lost or closed. */
  readonly lost: AbortSignal;
  readonly #lost = new AbortController();
  readonly #client: Client;
  readonly #connection: ReplicationConnection;
  readonly #clock: Clock;
  /** Rows of the transaction that is being read: the server sends it whole, when it is committed. */
  #reading: OutboxRow[] = [];
  #committed: OutboxRow[] = [];
  #committedBytes = 0;
  #received = 0n;
  #status: Timer | undefined;
  #wake: () => void = () => {};

  /**
   * Resolves when everything is read that is committed from now on. PostgreSQL first waits for the transactions that
   * are open, so this may take as long as they do.
   */
  static async open(database: Database, clock: Clock, signal: AbortSignal): Promise<LogReader> {
    const client = await database.replication();
    const end = () => void client.end().catch(() => {});
    signal.addEventListener("abort", end, { once: true });
    try {
      signal.throwIfAborted();
      const { rows } = await client.query("select pg_backend_pid() as pid");
      const slot = `chassis_outbox_${(rows[0] as { pid: number }).pid}`;
      await client.query(`CREATE_REPLICATION_SLOT ${slot} TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT`);
      return new LogReader(client, slot, clock);
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    } finally {
      signal.removeEventListener("abort", end);
    }
  }

  private constructor(client: Client, slot: string, clock: Clock) {
    this.#client = client;
    this.#connection = (client as unknown as { connection: ReplicationConnection }).connection;
    this.#clock = clock;
    this.slot = slot;
    this.lost = this.#lost.signal;
    client.once("end", () => this.#end(new Error("the replication connection has ended")));
    this.#connection.on("copyData", ({ chunk }) => this.#take(chunk));
    client
      .query(
        `START_REPLICATION SLOT ${slot} LOGICAL 0/0 (proto_version '1', publication_names '${outboxPublication}')`,
      )
      .catch((error) => this.#end(error));
    this.#sayStatus();
  }

  /** The next rows, in the order of their commits, up to `limits.relayBatch`. Waits for one; rejects when lost. */
  async take(): Promise<readonly OutboxRow[]> {
    while (this.#committed.length === 0) {
      this.lost.throwIfAborted();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const rows = this.#committed.splice(0, limits.relayBatch);
    for (const { event } of rows) this.#committedBytes -= event.length;
    if (this.#committedBytes < limits.logQueueBytes / 2) this.#connection.stream.resume();
    return rows;
  }

  async close(): Promise<void> {
    this.#end(new Error("the log reader is closed"));
    await this.#client.end().catch(() => {});
  }

  #end(reason: unknown): void {
    this.#status?.cancel();
    this.#lost.abort(reason);
    this.#wake();
  }

  #take(chunk: Buffer): void {
    if (chunk[0] === walData) this.#read(chunk.subarray(1 + 3 * 8));
    if (chunk[0] === keepAlive) {
      this.#received = chunk.readBigUInt64BE(1);
      if (chunk[1 + 2 * 8] === 1) this.#sendStatus();
    }
  }

  #read(bytes: Buffer): void {
    const record = readRecord(bytes);
    if (record.kind === "insert") this.#reading.push(record.row);
    if (record.kind !== "commit") return;
    this.#received = record.end;
    for (const row of this.#reading) {
      this.#committed.push(row);
      this.#committedBytes += row.event.length;
    }
    this.#reading = [];
    if (this.#committedBytes > limits.logQueueBytes) this.#connection.stream.pause();
    if (this.#committed.length > 0) this.#wake();
  }

  #sayStatus(): void {
    this.#status = this.#clock.setTimer(limits.standbyStatusMs, () => {
      this.#sendStatus();
      this.#sayStatus();
    });
  }

  /** "Standby status update": what was received, flushed and applied is one here. The time is not looked at. */
  #sendStatus(): void {
    const status = Buffer.alloc(1 + 3 * 8 + 8 + 1);
    status[0] = statusUpdate;
    for (const at of [1, 9, 17]) status.writeBigUInt64BE(this.#received, at);
    this.#connection.sendCopyFromChunk(status);
  }
}

const walData = 0x77;
const keepAlive = 0x6b;
const statusUpdate = 0x72;

/** The part of `pg` that streams are read through (as `pg-copy-streams` does); its types do not know it. */
interface ReplicationConnection {
  readonly stream: { pause(): void; resume(): void };
  on(event: "copyData", heard: (message: { readonly chunk: Buffer }) => void): void;
  sendCopyFromChunk(bytes: Buffer): void;
}
