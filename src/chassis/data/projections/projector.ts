import {
  type Clock,
  internalError,
  type Logger,
  type Metrics,
  silentLogger,
  silentMetrics,
  systemClock,
} from "#base";
import type { Database } from "../../database/database.ts";
import { persist } from "../../database/persist.ts";
import { wakeUps } from "../../database/wake-ups.ts";
import { readLog } from "../events/log.ts";
import { eventsChannel } from "../events/schema.ts";
import { limits } from "../limits.ts";
import { applyAll, checkProjection, type Projection } from "./definition.ts";
import { install, show } from "./installed.ts";
import { type Lag, lagOf } from "./lag.ts";
import { Sleep } from "./sleep.ts";

/** Keeps a projection behind the log of events: soon, not at once. Any number of copies may run. */
export interface Projector {
  /** Applies what there is now. How many events were read. */
  catchUp(signal?: AbortSignal): Promise<number>;
  /** Does so whenever something was appended, until `signal` is aborted. */
  run(signal: AbortSignal): Promise<void>;
  lag(): Promise<Lag>;
}

export interface ProjectorOptions {
  readonly projection: Projection;
  /** Where the events are. */
  readonly events: Database;
  /** Where the projection is kept, if elsewhere: readers then cost writers nothing. */
  readonly database?: Database;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Told of the lag whenever it was looked at: `projection_lag_events`, `projection_lag_seconds`. */
  readonly metrics?: Metrics;
}

/**
 * Each batch is one transaction: what the events change, and how far they were read. So each event is applied once,
 * wherever a copy dies. The row of the projection's version is the lock: one copy writes, the others find it taken.
 *
 *   building ── the end of the log was reached ──▶ live: the view leads here
 */
export function projector(options: ProjectorOptions): Projector {
  const { projection, events, database = events, clock = systemClock, log = silentLogger } = options;
  const { name, version } = projection;
  const { metrics = silentMetrics } = options;
  checkProjection(projection);
  const lagEvents = metrics.gauge("projection_lag_events", "Events that a projection has not read yet.");
  const lagSeconds = metrics.gauge(
    "projection_lag_seconds",
    "Age of the oldest event that a projection has not read yet.",
  );
  let installed: Promise<void> | undefined;

  /**
   * The log is read before the transaction, not in it: who held a connection and asked the same pool for another could
   * wait for ever. If another copy was quicker, the position is not what it was, and nothing is applied.
   */
  const applyBatch = async (): Promise<Batch> => {
    const { rows } = await database.query(selectState, [name, version]);
    const [state] = rows as readonly State[];
    if (!state)
      throw internalError(
        `version ${version} of the projection ${name} was retired, and a program still keeps it`,
      );
    const { position } = state;
    const page = await readLog(events, position);
    if (page.position === position && state.live) return { read: 0, more: page.more };
    return database.transaction(async (transaction) => {
      const { rows } = await transaction.query(`${selectState} for update skip locked`, [name, version]);
      const [now] = rows as readonly State[];
      // Another copy has it in hand. Should it die, this one goes on.
      if (!now) return { read: 0, more: true };
      if (now.position !== position) return { read: 0, more: true, again: true };
      await applyAll(transaction, projection, page.events);
      if (page.position !== position)
        await transaction.query(
          "update chassis.projections set position = $3 where name = $1 and version = $2",
          [name, version, page.position],
        );
      if (!now.live && page.events.length < limits.eventBatch) {
        await show(transaction, projection);
        log.info(`the projection ${name} is complete in version ${version}, and shown`, {
          position: page.position,
        });
      }
      return { read: page.events.length, more: page.more };
    });
  };

  const ready = () => {
    installed ??= install(database, projection);
    installed.catch(() => {
      installed = undefined;
    });
    return installed;
  };

  const lag = async () => {
    const found = await lagOf({ events, database, projection, clock });
    lagEvents.set(found.events, { projection: name, version: String(version) });
    lagSeconds.set(found.ageMs / 1_000, { projection: name, version: String(version) });
    return found;
  };

  const catchUp = async (signal?: AbortSignal) => {
    await ready();
    let read = 0;
    let batch: Batch = { read: 0, more: false };
    do {
      batch = await applyBatch();
      read += batch.read;
    } while ((batch.again || (batch.read > 0 && batch.more)) && !signal?.aborted);
    return { read, more: batch.more };
  };

  return {
    catchUp: async (signal) => (await catchUp(signal)).read,
    lag: () => ready().then(lag),
    run: (signal) =>
      persist(`the projection ${name}`, { clock, log, signal }, async (progress) => {
        const session = await events.session();
        try {
          const wakes = await wakeUps(session, eventsChannel, clock);
          const sleep = new Sleep(session);
          let openMs = limits.quickPollMs;
          while (!signal.aborted) {
            const found = await catchUp(signal);
            progress();
            if (options.metrics) await lag();
            if (!(await sleep.mayBegin(found))) continue;
            // An append that is open may have been made without a word, and one that is rolled back announces nothing.
            await wakes.next(found.more ? openMs : limits.safetyLookMs, signal);
            openMs = found.more ? Math.min(2 * openMs, limits.pollMs) : limits.quickPollMs;
          }
        } finally {
          await session.close();
        }
      }),
  };
}

const selectState = "select position, live from chassis.projections where name = $1 and version = $2";

interface State {
  readonly position: string;
  readonly live: boolean;
}

interface Batch {
  readonly read: number;
  readonly more: boolean;
  /** Another copy was quicker: there may be more at once. */
  readonly again?: true;
}
