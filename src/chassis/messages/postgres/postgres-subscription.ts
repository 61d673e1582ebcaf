import type { Clock, Logger } from "#base";
import type { Database, Session, Transaction } from "../../database/database.ts";
import { persist } from "../../database/persist.ts";
import { timeBy } from "../../database/time.ts";
import { wakeUps } from "../../database/wake-ups.ts";
import type { SubscribeOptions, Subscription } from "../broker.ts";
import type { CloudEvent } from "../cloud-event.ts";
import { limits } from "../limits.ts";
import { judge } from "../verdict.ts";
import { asText } from "./as-text.ts";
import { deliveriesChannel } from "./schema.ts";
import {
  claimStatement,
  dueStatement,
  failedStatement,
  handledStatement,
  nextDueStatement,
  publishStatement,
  putAsideStatement,
} from "./statements.ts";

interface Options extends SubscribeOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * One copy of a subscriber, on a connection of its own. It takes messages of several keys in a transaction, has the
 * keys handled side by side, and commits what became of them; then it takes the next.
 */
export class PostgresSubscription implements Subscription {
  readonly #options: Options;
  readonly #closing = new AbortController();
  readonly #ended: Promise<void>;

  constructor(options: Options) {
    this.#options = options;
    const { topic, subscriber, clock, log } = options;
    this.#ended = persist(
      `the reading of ${topic} by ${subscriber}`,
      { clock, log, signal: this.#closing.signal },
      (progress) => this.#read(progress),
    );
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error(`the subscription of ${this.#options.subscriber} is closed`));
    await this.#ended;
  }

  async #read(progress: () => void): Promise<void> {
    const { database, clock } = this.#options;
    const session = await database.session();
    try {
      const wakes = await wakeUps(session, deliveriesChannel, clock);
      while (!this.#closing.signal.aborted) {
        await session.transaction((transaction) => this.#publishDue(transaction));
        const taken = await session.transaction((transaction) => this.#deliver(transaction, session));
        progress();
        if (taken === 0) await wakes.next(await this.#untilNextLookMs(session), this.#closing.signal);
      }
    } finally {
      await session.close();
    }
  }

  /** What was delayed, and is due, joins the others. */
  async #publishDue(transaction: Transaction): Promise<void> {
    const { topic, clock } = this.#options;
    const { rows } = await transaction.query(dueStatement, [topic, timeBy(clock), limits.prefetch]);
    const due = rows as readonly Pick<DeliveryRow, "key" | "event">[];
    if (due.length === 0) return;
    await transaction.query(publishStatement, [
      due.map(() => topic),
      due.map(({ key }) => key),
      due.map(({ event }) => event),
    ]);
  }

  /** How many messages were in hand. */
  async #deliver(transaction: Transaction, { lost }: Session): Promise<number> {
    const { topic, subscriber, clock } = this.#options;
    const { rows } = await transaction.query(claimStatement, [
      topic,
      subscriber,
      timeBy(clock),
      limits.window,
      limits.prefetch,
      limits.prefetchBytes,
    ]);
    if (rows.length === 0) return 0;
    const signal = AbortSignal.any([this.#closing.signal, lost]);
    const lines = [...Map.groupBy(rows as readonly DeliveryRow[], ({ key }) => key).values()];
    const outcomes = await Promise.all(lines.map((line) => this.#handle(line, signal)));
    const handled = outcomes.flatMap((outcome) => outcome.handled);
    const letters = outcomes.flatMap((outcome) => outcome.letters);
    const failed = outcomes.flatMap((outcome) => outcome.failed ?? []);
    await this.#putAside(transaction, letters);
    await transaction.query(handledStatement, [[...handled, ...letters.map(({ position }) => position)]]);
    if (failed.length > 0)
      await transaction.query(failedStatement, [
        failed.map(({ position }) => position),
        failed.map(({ delayMs }) => delayMs),
        timeBy(clock),
      ]);
    return rows.length;
  }

  /** The messages of a key, one after the other, up to the first that has to be tried again. */
  async #handle(line: readonly DeliveryRow[], signal: AbortSignal): Promise<Outcome> {
    const { topic, handle } = this.#options;
    const handled: string[] = [];
    const letters: Letter[] = [];
    for (const row of line) {
      if (signal.aborted) break;
      const { position, attempt } = row;
      const event = JSON.parse(row.event) as CloudEvent;
      const delivery = { message: { topic, event }, attempt, signal };
      try {
        await handle(delivery);
        handled.push(position);
      } catch (error) {
        const verdict = judge(error, delivery, this.#options);
        if (verdict.becomes === "handled elsewhere") break;
        if (verdict.becomes === "retried")
          return { handled, letters, failed: { position, delayMs: verdict.delayMs } };
        letters.push({ ...row, envelope: event, error: verdict.error });
      }
    }
    return { handled, letters };
  }

  /** In the transaction in which they stop being deliveries. */
  async #putAside(transaction: Transaction, letters: readonly Letter[]): Promise<void> {
    if (letters.length === 0) return;
    const { topic, subscriber, clock, log } = this.#options;
    await transaction.query(putAsideStatement, [
      subscriber,
      topic,
      letters.map(({ envelope }) => asText(envelope.source)),
      letters.map(({ envelope }) => asText(envelope.id)),
      letters.map(({ event }) => event),
      letters.map(({ attempt }) => attempt),
      letters.map(({ error }) => asText(error)),
      timeBy(clock),
    ]);
    for (const { envelope, attempt: attempts, error } of letters) {
      const { type, id } = envelope;
      log.error(`${type} is put aside: ${error}`, { topic, subscriber, type, id, attempts });
    }
  }

  async #untilNextLookMs(session: Session): Promise<number> {
    const { topic, subscriber, clock } = this.#options;
    const { rows } = await session.query(nextDueStatement, [topic, subscriber, timeBy(clock)]);
    const [{ untilMs } = { untilMs: null }] = rows as readonly { untilMs: number | null }[];
    return Math.max(0, Math.min(limits.safetyLookMs, untilMs ?? limits.safetyLookMs));
  }
}

interface DeliveryRow {
  readonly position: string;
  readonly key: string;
  readonly event: string;
  readonly attempt: number;
}

interface Letter extends DeliveryRow {
  readonly envelope: CloudEvent;
  readonly error: string;
}

interface Outcome {
  readonly handled: readonly string[];
  readonly letters: readonly Letter[];
  readonly failed?: { readonly position: string; readonly delayMs: number };
}
