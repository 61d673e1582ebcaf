import { type Clock, type Logger, messageOf as reasonOf, silentLogger, systemClock } from "#base";
import type { Database, Session } from "../../database/database.ts";
import { type Persistence, pause, persist } from "../../database/persist.ts";
import type { Broker } from "../../messages/broker.ts";
import type { Message } from "../../messages/message.ts";
import { limits } from "../limits.ts";
import { drainOn, drainUpTo, lastPosition, messageOf } from "./drain.ts";
import { LogReader } from "./log-reader.ts";
import type { Relay, RelayOptions } from "./relay.ts";
import { Removal } from "./removal.ts";

export interface LogRelayOptions extends RelayOptions {
  /** How much log the server may keep for this relay, in bytes. Beyond it the slot is given up. */
  readonly slotBytes?: number;
  /** How often that is looked at. */
  readonly slotCheckMs?: number;
  /** Told when the slot was given up. The relay polls until the outbox is empty, then it reads the log again. */
  readonly onSlotGivenUp?: (slot: SlotGivenUp) => void;
}

export interface SlotGivenUp {
  /** What the server kept when it was looked at. */
  readonly heldBytes: number;
  readonly limitBytes: number;
}

/**
 * Reads what is committed from the server's log (logical replication): a message is on its way as soon as its commit
 * is flushed, and nothing is asked of the table. One copy reads at a time, the others stand by, waiting for a lock.
 *
 *   standing by ─ lock ─▶ opening ─ slot ─▶ draining ─ empty ─▶ tailing
 *                          ▲  (polls meanwhile)                    │
 *                          └─────── slot too far behind ───────────┘
 *
 * The table stays the truth: what the log does not tell, because there was no slot yet or none any more, is drained
 * from it. So a slot may always be given up, and one that nobody reads does not exist.
 */
export function logRelay(options: LogRelayOptions): Relay {
  const { database, clock = systemClock, log = silentLogger } = options;
  return {
    run: (signal) =>
      persist("the log relay", { clock, log, signal }, async (progress) => {
        const session = await database.session();
        const end = () => void session.close();
        signal.addEventListener("abort", end);
        try {
          // While the session was opened nobody listened.
          signal.throwIfAborted();
          // The server looks whether a copy that stands by is still there, before it gives it the lock.
          await session.query("set client_connection_check_interval = '1s'");
          await session.query("select pg_advisory_lock(1849302)");
          const leading = AbortSignal.any([signal, session.lost]);
          while (!leading.aborted)
            await new Tail(options, session, { clock, log, signal: leading }).run(progress);
          session.lost.throwIfAborted();
        } finally {
          signal.removeEventListener("abort", end);
          await session.close();
        }
      }),
  };
}

/** The life of one slot. */
class Tail {
  readonly #database: Database;
  /** Which holds the lock. */
  readonly #session: Session;
  readonly #broker: Pick<Broker, "publish">;
  readonly #options: LogRelayOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #signal: AbortSignal;

  constructor(options: LogRelayOptions, session: Session, { clock, log, signal }: Persistence) {
    this.#database = options.database;
    this.#session = session;
    this.#broker = options.broker;
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#signal = signal;
  }

  /** Resolves when the slot was given up; rejects when it was lost. */
  async run(progress: () => void): Promise<void> {
    await drainOn(this.#session, this.#broker, this.#signal);
    const reader = await this.#open();
    let givenUp = false;
    const watch = this.#watch(reader, () => {
      givenUp = true;
    });
    const end = () => void reader.close();
    this.#signal.addEventListener("abort", end);
    const tidying = this.#clearLeftovers(reader);
    try {
      // Not only what no other copy has in hand: messages that the log tells of must not overtake older ones.
      await this.#drainUpTo(await lastPosition(this.#database), reader);
      progress();
      await this.#tail(reader);
    } catch (error) {
      if (!givenUp) throw error;
    } finally {
      this.#signal.removeEventListener("abort", end);
      await reader.close();
      await Promise.all([watch, tidying]);
    }
  }

  /** Polls while the server waits for open transactions before it makes a slot. */
  async #open(): Promise<LogReader> {
    const given = new AbortController();
    const opening = LogReader.open(
      this.#database,
      this.#clock,
      AbortSignal.any([given.signal, this.#signal]),
    );
    const opened = new AbortController();
    const settled = opening.then(
      () => opened.abort(),
      () => opened.abort(),
    );
    const polling = AbortSignal.any([opened.signal, this.#signal]);
    try {
      while (!polling.aborted) {
        await pause(this.#clock, limits.pollMs, polling);
        if (!polling.aborted) await drainOn(this.#session, this.#broker, polling);
      }
    } catch (error) {
      // No slot stays behind that nobody reads.
      given.abort();
      await opening.then((reader) => reader.close()).catch(() => {});
      throw error;
    }
    await settled;
    return opening;
  }

  #drainUpTo(position: string, { lost: signal }: LogReader): Promise<void> {
    return drainUpTo(position, {
      session: this.#session,
      broker: this.#broker,
      clock: this.#clock,
      signal,
    });
  }

  async #tail(reader: LogReader): Promise<void> {
    const removal = new Removal(this.#database, this.#clock);
    let removed: Promise<void> = Promise.resolve();
    try {
      while (!this.#signal.aborted) {
        const rows = await reader.take();
        await this.#publish(reader, rows.map(messageOf));
        // The next messages do not wait until these are out of the table.
        await removed;
        removed = removal.remove(rows);
        removed.catch(() => {});
      }
    } finally {
      removal.stop();
    }
  }

  /**
   * What was published and could not be removed is published again before inboxes forget that they know it. Left over is
   * what was there at two looks.
   */
  async #clearLeftovers(reader: LogReader): Promise<void> {
    let seen = "0";
    while (!reader.lost.aborted) {
      await pause(this.#clock, limits.leftoversMs, reader.lost);
      if (reader.lost.aborted) return;
      try {
        await this.#drainUpTo(seen, reader);
        seen = await lastPosition(this.#database);
      } catch (error) {
        this.#log.warn(`leftovers of the outbox could not be published: ${reasonOf(error)}`);
      }
    }
  }

  /** Again and again, until the broker has them; rejects when the slot was given up before. */
  async #publish(reader: LogReader, messages: readonly Message[]): Promise<void> {
    const published = new AbortController();
    const signal = AbortSignal.any([this.#signal, reader.lost, published.signal]);
    await persist("publishing", { clock: this.#clock, log: this.#log, signal }, async () => {
      await this.#broker.publish(messages);
      published.abort();
    });
    if (!published.signal.aborted) signal.throwIfAborted();
  }

  async #watch(reader: LogReader, onGivenUp: () => void): Promise<void> {
    const { slotBytes = limits.slotBytes, slotCheckMs = limits.safetyLookMs, onSlotGivenUp } = this.#options;
    while (!reader.lost.aborted) {
      await pause(this.#clock, slotCheckMs, reader.lost);
      if (reader.lost.aborted) return;
      const heldBytes = await this.#heldBytes(reader.slot).catch(() => 0);
      if (heldBytes <= slotBytes) continue;
      this.#log.error("the log relay gives up its slot and polls: the server keeps too much log for it", {
        heldBytes,
        limitBytes: slotBytes,
      });
      onGivenUp();
      onSlotGivenUp?.({ heldBytes, limitBytes: slotBytes });
      await reader.close();
    }
  }

  async #heldBytes(slot: string): Promise<number> {
    const { rows } = await this.#database.query(
      "select pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::float8 as held from pg_replication_slots where slot_name = $1",
      [slot],
    );
    return (rows as readonly { held: number }[])[0]?.held ?? 0;
  }
}
