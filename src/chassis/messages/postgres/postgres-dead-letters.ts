import type { Database, Transaction } from "../../database/database.ts";
import type { Reader } from "../broker.ts";
import type { CloudEvent } from "../cloud-event.ts";
import type { DeadLetter, DeadLetters, WhichLetters } from "../dead-letters.ts";
import { limits } from "../limits.ts";
import { keyOf, type Message } from "../message.ts";
import { asText } from "./as-text.ts";
import { redriveStatement } from "./statements.ts";

export class PostgresDeadLetters implements DeadLetters {
  readonly #database: Database;
  readonly #of: Reader;

  constructor(database: Database, of: Reader) {
    this.#database = database;
    this.#of = of;
  }

  async list({ limit = limits.lettersShown }: { readonly limit?: number } = {}) {
    const { topic, subscriber } = this.#of;
    const { rows } = await this.#database.query(
      `select number, event, attempts, error, put_aside_at as "putAsideAt" from chassis.dead_letters
       where topic = $1 and consumer = $2 order by number limit $3`,
      [topic, subscriber, limit],
    );
    return (rows as readonly LetterRow[]).map(
      ({ event, ...letter }): DeadLetter => ({ ...letter, message: this.#messageOf(event) }),
    );
  }

  async redrive(which: WhichLetters): Promise<number> {
    // What comes later is not meant by whoever asks now: what is redriven may be put aside again at once.
    const until = await this.#lastNumber();
    for (let redriven = 0; ; ) {
      const some = await this.#database.transaction((transaction) =>
        this.#redriveSome(transaction, [...this.#meaning(which), until]),
      );
      redriven += some;
      if (some < limits.lettersAtOnce) return redriven;
    }
  }

  async discard(which: WhichLetters): Promise<number> {
    const { rows } = await this.#database.query(discardStatement, this.#meaning(which));
    return (rows as readonly { discarded: number }[])[0]?.discarded ?? 0;
  }

  async #redriveSome(transaction: Transaction, meaning: unknown[]): Promise<number> {
    const { topic, subscriber } = this.#of;
    const { rows } = await transaction.query(takeStatement, [...meaning, limits.lettersAtOnce]);
    const events = (rows as readonly Pick<LetterRow, "event">[]).map(({ event }) => event);
    const keys = events.map((event) => asText(keyOf(this.#messageOf(event))));
    await transaction.query(redriveStatement, [events.map(() => topic), keys, events, subscriber]);
    return events.length;
  }

  async #lastNumber(): Promise<string | null> {
    const { topic, subscriber } = this.#of;
    const { rows } = await this.#database.query(
      "select max(number) as last from chassis.dead_letters where topic = $1 and consumer = $2",
      [topic, subscriber],
    );
    return (rows as readonly { last: string | null }[])[0]?.last ?? null;
  }

  #meaning(which: WhichLetters): unknown[] {
    const { topic, subscriber } = this.#of;
    return [topic, subscriber, which === "all" ? null : which.filter(isNumber)];
  }

  #messageOf(event: string): Message {
    return { topic: this.#of.topic, event: JSON.parse(event) as CloudEvent };
  }
}

interface LetterRow extends Omit<DeadLetter, "message"> {
  readonly event: string;
}

/** What is none names no letter; PostgreSQL would refuse the others with it. */
function isNumber(number: string): boolean {
  return /^[0-9]{1,18}$/.test(number);
}

/** $1 topic, $2 consumer, $3 numbers; null: all. */
const meant = "topic = $1 and consumer = $2 and ($3::bigint[] is null or number = any ($3))";

/** The first of those that are meant; whoever else is taking some of them is waited for. $4 the last number, $5 how many. */
const takeStatement = `
  with first as materialized (
    select number from chassis.dead_letters where ${meant} and number <= $4 order by number limit $5 for update
  ), taken as (
    delete from chassis.dead_letters where number in (select number from first) returning number, event
  )
  select event from taken order by number`;

const discardStatement = `
  with discarded as (delete from chassis.dead_letters where ${meant} returning 1)
  select count(*)::int as discarded from discarded`;
