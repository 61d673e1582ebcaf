import type { Session } from "../../database/database.ts";
import { persist } from "../../database/persist.ts";
import { wakeUps } from "../../database/wake-ups.ts";
import { limits } from "../limits.ts";
import type { Reply, Request } from "../requests/requests.ts";
import { unlessAborted } from "../unless-aborted.ts";
import { asText } from "./as-text.ts";
import type { PostgresRequestsOptions } from "./postgres-requests.ts";
import { answeredStatement, askStatement, dropStatement } from "./request-statements.ts";
import { repliesChannel } from "./schema.ts";

/** Those of this process who wait for answers. They share a connection, which is there while any of them waits, and a little longer. */
export class PostgresAsker {
  readonly #options: PostgresRequestsOptions;
  readonly #waiting = new Map<string, Waiting>();
  readonly #gone = new Set<string>();
  #looking = false;
  #look = new AbortController();

  constructor(options: PostgresRequestsOptions) {
    this.#options = options;
  }

  async request({ message, timeoutMs, signal }: Request): Promise<Reply> {
    const { clock, random } = this.#options;
    const id = random.uuid();
    const answered = Promise.withResolvers<Reply>();
    this.#waiting.set(id, {
      topic: message.topic,
      type: asText(message.event.type),
      event: JSON.stringify(message.event),
      endsMs: clock.monotonicMs() + timeoutMs,
      resolve: answered.resolve,
    });
    this.#wake();
    try {
      return await unlessAborted(signal, answered.promise);
    } catch (error) {
      this.#gone.add(id);
      this.#wake();
      throw error;
    } finally {
      this.#waiting.delete(id);
    }
  }

  #wake(): void {
    this.#look.abort();
    if (this.#looking) return;
    this.#looking = true;
    const { clock, log } = this.#options;
    const idle = new AbortController();
    const loop = persist("the waiting for answers", { clock, log, signal: idle.signal }, async (progress) => {
      try {
        await this.#listen(progress);
      } finally {
        // What fails when nobody waits any more is not begun anew.
        if (this.#waiting.size === 0) idle.abort();
      }
    });
    void loop.then(() => {
      this.#looking = false;
      if (this.#waiting.size > 0) this.#wake();
    });
  }

  /** Until nobody waits any more. */
  async #listen(progress: () => void): Promise<void> {
    const { database, clock } = this.#options;
    const session = await database.session();
    const sent = new Set<string>();
    try {
      const wakes = await wakeUps(session, repliesChannel, clock);
      let sentMs = clock.monotonicMs();
      for (let idle = false; !idle; ) {
        this.#look = new AbortController();
        // Whoever had a request may be gone, and the server may have forgotten it: it is sent again, and others look.
        if (clock.monotonicMs() - sentMs >= limits.nudgeMs) {
          sent.clear();
          sentMs = clock.monotonicMs();
        }
        await this.#exchange(session, sent);
        progress();
        const woken = this.#look.signal;
        const nobodyWaits = this.#waiting.size === 0;
        await wakes.next(nobodyWaits ? limits.answersIdleMs : limits.nudgeMs, woken);
        idle = nobodyWaits && !woken.aborted;
      }
    } finally {
      await session.close();
    }
  }

  async #exchange(session: Session, sent: Set<string>): Promise<void> {
    const gone = [...this.#gone];
    if (gone.length > 0) {
      await session.query(dropStatement, [gone]);
      for (const id of gone) this.#gone.delete(id);
    }
    const unsent = [...this.#waiting].filter(([id]) => !sent.has(id));
    if (unsent.length > 0) {
      const { clock } = this.#options;
      const columns = unsent.map(([, waiting]) => waiting);
      await session.query(askStatement, [
        unsent.map(([id]) => id),
        columns.map(({ topic }) => topic),
        columns.map(({ type }) => type),
        columns.map(({ event }) => event),
        columns.map(({ endsMs }) => Math.ceil(endsMs - clock.monotonicMs())),
      ]);
      for (const [id] of unsent) sent.add(id);
    }
    if (this.#waiting.size === 0) return;
    const { rows } = await session.query(answeredStatement, [[...this.#waiting.keys()]]);
    for (const { id, reply } of rows as readonly { id: string; reply: string }[]) {
      this.#waiting.get(id)?.resolve(JSON.parse(reply) as Reply);
      // At once, or it would be sent again.
      this.#waiting.delete(id);
    }
  }
}

interface Waiting {
  readonly topic: string;
  readonly type: string;
  readonly event: string;
  readonly endsMs: number;
  readonly resolve: (reply: Reply) => void;
}
