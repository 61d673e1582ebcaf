import {
  type Clock,
  type Logger,
  type Metrics,
  messageOf,
  notFound,
  silentLogger,
  silentMetrics,
  systemClock,
} from "#base";
import type { Database, Transaction } from "../../database/database.ts";
import { persist } from "../../database/persist.ts";
import { milliseconds, timeBy, timeOr } from "../../database/time.ts";
import type { Broker, Subscription } from "../../messages/broker.ts";
import type { CloudEvent } from "../../messages/cloud-event.ts";
import { putAside } from "../../messages/dead-letters.ts";
import { type Declared, nameOf, readAs } from "../../messages/topics/declared.ts";
import { consume, type Patience } from "../inbox/consume.ts";
import { limits } from "../limits.ts";
import type { Outbox } from "../outbox/outbox.ts";
import { type AnySaga, checkSaga } from "./check.ts";
import { begin, hear, type Instance, type Step, timeOut } from "./decide.ts";
import type { SagaDefinition } from "./definition.ts";

/**
 * Runs the sagas of one definition. Every step is one transaction: the event's mark in the inbox, the new state, its
 * timeout and the commands in the outbox are all there or none is. So any copy goes on where another has ended.
 */
export interface Orchestrator<State extends string, Content> {
  /** Begins a saga in the caller's own transaction. False when there is one of this id: it is not begun twice. */
  start(transaction: Transaction, saga: { readonly id: string; readonly content: Content }): Promise<boolean>;
  /** Where a saga stands. */
  find(transaction: Transaction, id: string): Promise<Instance<State, Content> | undefined>;
  /**
   * Hears the events of a topic; of a declared one, what fits. A copy per process, as many as there are. What cannot be,
   * a refused event or one without a subject, is put aside at once; what fails otherwise, as often as `patience` says.
   */
  listen(broker: Broker, topic: string | Declared, patience?: Patience): Promise<Subscription>;
  /** Moves the sagas whose time is over. How many. */
  timeOut(): Promise<number>;
  /** Does so whenever it is due, until `signal` is aborted. */
  run(signal: AbortSignal): Promise<void>;
}

export interface OrchestratorOptions<State extends string, Events extends object, Content> {
  readonly definition: SagaDefinition<State, Events, Content>;
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Told of what fails: that of `consume`, and `saga_timeouts_failed_total`. */
  readonly metrics?: Metrics;
}

export function orchestrator<State extends string, Events extends object, Content>(
  options: OrchestratorOptions<State, Events, Content>,
): Orchestrator<State, Content> {
  const { definition, database, outbox, clock = systemClock, log = silentLogger } = options;
  const { metrics = silentMetrics } = options;
  checkSaga(definition as unknown as AnySaga);
  const { name } = definition;
  const failedTimeouts = metrics.counter("saga_timeouts_failed_total", "Timeouts of sagas that have failed.");
  /** When the next timeout is due of those that this copy has set, maybe in a transaction that is still open; monotonic. */
  let nextDueMs = Number.POSITIVE_INFINITY;
  let wake = () => {};

  const write = async (transaction: Transaction, { instance, send, timeoutMs }: Step<State, Content>) => {
    const { id, state, content, entered } = instance;
    const { rows } = await transaction.query(
      `insert into chassis.sagas
       values ($1, $2, $3, $4, $5, ${timeOr("$7")} + ${milliseconds("$6")}, ${timeOr("$7")})
       on conflict (name, id) do update set state = excluded.state, content = excluded.content,
         entered = excluded.entered, due_at = excluded.due_at, changed_at = excluded.changed_at, failures = 0
       where sagas.entered = excluded.entered - 1
       returning 1`,
      [name, id, state, JSON.stringify(content), entered, timeoutMs ?? null, timeBy(clock)],
    );
    if (rows.length === 0) return false;
    await outbox.add(transaction, ...send);
    const dueMs = clock.monotonicMs() + (timeoutMs ?? Number.POSITIVE_INFINITY);
    if (dueMs < nextDueMs) {
      nextDueMs = dueMs;
      wake();
    }
    return true;
  };

  const read = async (transaction: Transaction, id: string, how = "") => {
    const { rows } = await transaction.query(`${selectSaga} where name = $1 and id = $2 ${how}`, [name, id]);
    return (rows as readonly Row<State>[]).map(instanceOf<State, Content>)[0];
  };

  const onEvent = async (transaction: Transaction, event: CloudEvent | undefined) => {
    if (!event || !isHeard(definition, event.type)) return;
    const id = event.subject;
    if (!id) throw putAside(`${event.type} ${event.id} has no subject: it must name the saga it answers`);
    const instance = await read(transaction, id, "for update");
    if (!instance) throw notFound({ resource: `sagas of ${name}`, name: id });
    const step = hear(definition, instance, event.type, event.data as Events[keyof Events & string]);
    if (step) await write(transaction, step);
  };

  /** A saga that cannot move keeps its state and is tried again later: others of its definition do not wait for it. */
  const putOff = async (transaction: Transaction, { id, state, failures }: DueRow<State>, error: unknown) => {
    const { timeoutRetryMs } = limits;
    failedTimeouts.add(1, { saga: name });
    const waitMs = timeoutRetryMs[Math.min(failures, timeoutRetryMs.length - 1)] ?? 0;
    log.error(
      `the timeout of saga ${name} ${id} failed, and is tried again in ${waitMs} ms: ${messageOf(error)}`,
      {
        state,
        failures: failures + 1,
      },
    );
    await transaction.query(
      `update chassis.sagas set due_at = ${timeOr("$3")} + ${milliseconds("$4")}, failures = failures + 1
       where name = $1 and id = $2`,
      [name, id, timeBy(clock), waitMs],
    );
  };

  /** The state had a timeout in an older definition. */
  const waitForAnswer = async (transaction: Transaction, { id }: DueRow<State>) => {
    await transaction.query("update chassis.sagas set due_at = null where name = $1 and id = $2", [name, id]);
  };

  const timeOutBatch = () =>
    database.transaction(async (transaction) => {
      const { rows } = await transaction.query(
        `${selectDue} where name = $1 and due_at <= ${timeOr("$2")} order by due_at limit $3 for update skip locked`,
        [name, timeBy(clock), limits.timeoutBatch],
      );
      let moved = 0;
      for (const row of rows as readonly DueRow<State>[]) {
        await transaction.query("savepoint one_saga");
        try {
          const { failures, ...saga } = row;
          const step = timeOut(definition, instanceOf<State, Content>(saga));
          if (step) {
            await write(transaction, step);
            moved += 1;
          } else await waitForAnswer(transaction, row);
        } catch (error) {
          await transaction.query("rollback to savepoint one_saga");
          await putOff(transaction, row, error);
        }
        await transaction.query("release savepoint one_saga");
      }
      return { due: rows.length, moved };
    });

  const timeOutAll = async () => {
    let moved = 0;
    for (let batch = await timeOutBatch(); batch.due > 0; batch = await timeOutBatch()) moved += batch.moved;
    return moved;
  };

  const untilNextMs = async () => {
    const { rows } = await database.query(
      `select extract(epoch from min(due_at) - ${timeOr("$2")})::float8 * 1000 as "untilMs"
       from chassis.sagas where name = $1`,
      [name, timeBy(clock)],
    );
    const untilMs = (rows as readonly { untilMs: number | null }[])[0]?.untilMs ?? Number.POSITIVE_INFINITY;
    const nowMs = clock.monotonicMs();
    if (nextDueMs <= nowMs) nextDueMs = Number.POSITIVE_INFINITY;
    return Math.min(limits.safetyLookMs, Math.max(0, Math.min(untilMs, nextDueMs - nowMs)));
  };

  return {
    start: (transaction, { id, content }) => write(transaction, begin(definition, id, content)),
    find: (transaction, id) => read(transaction, id),
    listen: (broker, topic, patience = {}) =>
      consume({
        ...patience,
        database,
        broker,
        topic: nameOf(topic),
        consumer: `saga ${name}`,
        effect: (transaction, message) => onEvent(transaction, readAs(topic, message)),
        clock,
        log,
        metrics,
      }),
    timeOut: timeOutAll,
    async run(signal) {
      let woken = Promise.withResolvers<void>();
      wake = () => woken.resolve();
      signal.addEventListener("abort", wake, { once: true });
      await persist(`the timeouts of saga ${name}`, { clock, log, signal }, async (progress) => {
        while (!signal.aborted) {
          woken = Promise.withResolvers();
          await timeOutAll();
          progress();
          const timer = clock.setTimer(await untilNextMs(), wake);
          if (!signal.aborted) await woken.promise;
          timer.cancel();
        }
      });
    },
  };
}

const selectSaga = "select id, state, content, entered from chassis.sagas";
const selectDue = "select id, state, content, entered, failures from chassis.sagas";

interface Row<State extends string> extends Omit<Instance<State, never>, "content"> {
  readonly content: string;
}

interface DueRow<State extends string> extends Row<State> {
  /** How often its timeout has failed in this state. */
  readonly failures: number;
}

function instanceOf<State extends string, Content>({
  content,
  ...row
}: Row<State>): Instance<State, Content> {
  return { ...row, content: JSON.parse(content) as Content };
}

/** A topic may carry more than a saga listens to. */
function isHeard<State extends string, Events extends object, Content>(
  { states }: SagaDefinition<State, Events, Content>,
  type: string,
): type is keyof Events & string {
  return Object.values<object>(states).some(
    (state) => "on" in state && Object.hasOwn(state.on as object, type),
  );
}
