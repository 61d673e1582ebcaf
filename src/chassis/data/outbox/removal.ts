import type { Clock, Timer } from "#base";
import type { Database } from "../../database/database.ts";
import { type OutboxRow, remove } from "./drain.ts";

/**
 * Takes out of the table what was read from the log and published. The log tells of a commit a moment before other
 * transactions see its rows, and with a synchronous standby much earlier; so rows that are not there are looked for
 * again. Those that another copy has taken out never come: after `longestWaitMs` they are forgotten. A row that appears
 * even later is published a second time when the relay next looks for leftovers.
 */
export class Removal {
  readonly #database: Database;
  readonly #clock: Clock;
  /** Published, and not yet seen to leave the table: positions, and since when. Removals may be under way side by side. */
  readonly #left = new Map<string, number>();
  #waitMs = firstWaitMs;
  #again: Timer | undefined;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async remove(published: readonly OutboxRow[]): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    for (const { position } of published) this.#left.set(position, nowMs);
    for (const position of await remove(this.#database, [...this.#left.keys()])) this.#left.delete(position);
    for (const [position, sinceMs] of this.#left)
      if (nowMs - sinceMs >= longestWaitMs) this.#left.delete(position);
    this.#waitMs = published.length > 0 ? firstWaitMs : this.#waitMs * 4;
    this.#again?.cancel();
    if (this.#left.size > 0) this.#lookAgain();
  }

  /** Whatever is missing then is left to the next drain. */
  stop(): void {
    this.#again?.cancel();
    this.#left.clear();
  }

  #lookAgain(): void {
    // Should this fail, they are looked for when the next ones are removed, or as leftovers.
    const look = () => void this.remove([]).catch(() => {});
    this.#again = this.#clock.setTimer(this.#waitMs, look, { unref: true });
  }
}

const firstWaitMs = 5;
const longestWaitMs = 30_000;
