import type { Session } from "../../database/database.ts";
import { asleep } from "../events/schema.ts";

/**
 * Whether a projector may sleep until an append wakes it. Appends do so only for those who have said that they sleep, and
 * that has to be said before the last look at the log.
 *
 *   said ── two looks in a row found something: it is busy ──▶ not said
 *     ▲                                                          │
 *     └────── a look found nothing: it is said, and the ─────────┘
 *             next look decides
 */
export class Sleep {
  readonly #session: Session;
  #isSaid = false;
  #busyLooks = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  /** After each look at the log. False: look again at once. */
  async mayBegin({ read, more }: { readonly read: number; readonly more: boolean }): Promise<boolean> {
    const isBusy = read > 0 || more;
    this.#busyLooks = isBusy ? this.#busyLooks + 1 : 0;
    if (this.#isSaid && this.#busyLooks > 1) await this.#takeBack();
    if (isBusy || this.#isSaid) return read === 0;
    await this.#say();
    return false;
  }

  async #say(): Promise<void> {
    await this.#session.query(`select pg_advisory_lock_shared(${asleep})`);
    this.#isSaid = true;
  }

  async #takeBack(): Promise<void> {
    await this.#session.query(`select pg_advisory_unlock_shared(${asleep})`);
    this.#isSaid = false;
  }
}
