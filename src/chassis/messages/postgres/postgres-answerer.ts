import type { Session } from "../../database/database.ts";
import { persist } from "../../database/persist.ts";
import { type WakeUps, wakeUps } from "../../database/wake-ups.ts";
import type { Subscription } from "../broker.ts";
import type { CloudEvent } from "../cloud-event.ts";
import { limits } from "../limits.ts";
import { InHand } from "../requests/in-hand.ts";
import type { AnswerOptions, Reply } from "../requests/requests.ts";
import { unlessAborted } from "../unless-aborted.ts";
import { asText } from "./as-text.ts";
import type { PostgresRequestsOptions } from "./postgres-requests.ts";
import {
  claimRequestsStatement,
  replyStatement,
  takeRequestsStatement,
  unlockStatement,
  waitedForStatement,
} from "./request-statements.ts";
import { requestsChannel } from "./schema.ts";

/** Whoever answers requests of one type, on a connection of its own: with it go its locks. */
export class PostgresAnswerer implements Subscription {
  readonly #options: PostgresRequestsOptions;
  readonly #answering: AnswerOptions;
  readonly #closing = new AbortController();
  readonly #ended: Promise<void>;
  /** What was in hand on connections that have ended. */
  #settled: Promise<unknown> = Promise.resolve();
  /** Those whose locks may go, of the connection as it is now. */
  #finished: string[] = [];
  /** Aborted to look again: there is room. */
  #look = new AbortController();

  constructor(options: PostgresRequestsOptions, answering: AnswerOptions) {
    this.#options = options;
    this.#answering = answering;
    const { clock, log } = options;
    this.#ended = persist(
      `the answering of ${answering.type} in ${answering.topic}`,
      { clock, log, signal: this.#closing.signal },
      (progress) => this.#serve(progress),
    );
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error(`nobody answers ${this.#answering.type} here any more`));
    await this.#ended;
    await this.#settled;
  }

  async #serve(progress: () => void): Promise<void> {
    const { database, clock } = this.#options;
    const session = await database.session();
    this.#finished = [];
    const inHand = new InHand(this.#answering.answer, clock);
    // Others are asked: there is no way to hand on what is answered here.
    session.lost.addEventListener("abort", () => inHand.dropAll(session.lost.reason), { once: true });
    try {
      await this.#takeTurns(session, await wakeUps(session, requestsChannel, clock), inHand, progress);
    } finally {
      const settled = inHand.settled();
      this.#settled = Promise.all([this.#settled, settled]);
      // With a connection that is lost go the locks: what hangs on it holds up nobody but who closes.
      await unlessAborted(session.lost, settled).catch(() => {});
      await session.close();
    }
  }

  async #takeTurns(session: Session, wakes: WakeUps, inHand: InHand, progress: () => void): Promise<void> {
    while (!this.#closing.signal.aborted) {
      this.#look = new AbortController();
      await this.#unlock(session);
      await this.#dropUnwaited(session, inHand);
      await this.#take(session, inHand);
      progress();
      await wakes.next(limits.safetyLookMs, AbortSignal.any([this.#closing.signal, this.#look.signal]));
    }
  }

  async #dropUnwaited(session: Session, inHand: InHand): Promise<void> {
    const { ids } = inHand;
    if (ids.length === 0) return;
    const { rows } = await session.query(waitedForStatement, [ids]);
    const waited = new Set((rows as readonly { id: string }[]).map(({ id }) => id));
    for (const id of ids) if (!waited.has(id)) inHand.drop(id, new Error("whoever asked has gone"));
  }

  async #take(session: Session, inHand: InHand): Promise<void> {
    const { topic, type } = this.#answering;
    const room = limits.answersAtOnce - inHand.ids.length;
    if (room <= 0) return;
    const claimed = await session.query(claimRequestsStatement, [topic, asText(type), inHand.ids, room]);
    const ids = (claimed.rows as readonly { id: string }[]).map(({ id }) => id);
    if (ids.length === 0) return;
    // Read only now: somebody else may have answered it before the lock was ours.
    const taken = await session.query(takeRequestsStatement, [ids]);
    const finished = this.#finished;
    const open = new Map((taken.rows as readonly RequestRow[]).map((row) => [row.id, row]));
    for (const id of ids) {
      const row = open.get(id);
      void (row ? this.#answer(inHand, row) : Promise.resolve()).then(() => {
        finished.push(id);
        this.#look.abort();
      });
    }
  }

  #answer(inHand: InHand, { id, event, remainingMs }: RequestRow): Promise<void> {
    const { database } = this.#options;
    const message = { topic: this.#answering.topic, event: JSON.parse(event) as CloudEvent };
    return inHand.take(id, message, remainingMs, (reply: Reply) =>
      database.query(replyStatement, [id, JSON.stringify(reply)]),
    );
  }

  /** Not before the answer is there for everybody to see. */
  async #unlock(session: Session): Promise<void> {
    const finished = this.#finished.splice(0);
    if (finished.length > 0) await session.query(unlockStatement, [finished]);
  }
}

interface RequestRow {
  readonly id: string;
  readonly event: string;
  readonly remainingMs: number;
}
