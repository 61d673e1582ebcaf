import { badRequest, type Clock, isConflict, must, systemClock } from "#base";
import type { Database, Transaction } from "../../database/database.ts";
import { timeBy } from "../../database/time.ts";
import { limits } from "../limits.ts";
import type { Outbox } from "../outbox/outbox.ts";
import type { AggregateDefinition, EventOf, Loaded } from "./definition.ts";
import { evolve, shapeOf, upcast } from "./evolve.ts";
import { append, moved, type RecordedEvent, readStream } from "./log.ts";
import { readSnapshot, writeSnapshot } from "./snapshots.ts";

/** What happens, given what is: none, one or several events. Pure, for it is asked again when others were quicker. */
export type Decide<State, Events extends object> = (
  state: State,
  version: number,
) => readonly EventOf<Events>[];

export interface Aggregates<State, Events extends object> {
  readonly definition: AggregateDefinition<State, Events>;
  load(transaction: Transaction, id: string): Promise<Loaded<State>>;
  /**
   * Decides and appends in the caller's own transaction: the state, the events, what projections make of them and what
   * others are told are kept together. Rejects with `Conflict` when somebody was quicker, or when the aggregate is not at
   * `expectedVersion` (0: it is new); the transaction is to be begun anew.
   */
  change(
    transaction: Transaction,
    id: string,
    decide: Decide<State, Events>,
    options?: ChangeOptions,
  ): Promise<Loaded<State>>;
  /** The same in a transaction of its own, and anew when somebody was quicker. */
  handle(
    database: Pick<Database, "transaction">,
    id: string,
    decide: Decide<State, Events>,
    options?: ChangeOptions,
  ): Promise<Loaded<State>>;
}

export interface ChangeOptions {
  /** The version that whoever asks has seen. */
  readonly expectedVersion?: number;
}

export interface AggregatesOptions<State, Events extends object> {
  readonly definition: AggregateDefinition<State, Events>;
  /** For a definition that announces. */
  readonly outbox?: Outbox;
  /** Whatever is to be true at the same moment as the events: projections that are kept inline. */
  readonly inline?: readonly InlineProjection[];
  readonly clock?: Clock;
}

/** Applies events in the transaction that appends them. */
export interface InlineProjection {
  apply(transaction: Transaction, events: readonly RecordedEvent[]): Promise<void>;
}

export function aggregates<State, Events extends object>({
  definition,
  outbox,
  inline = [],
  clock = systemClock,
}: AggregatesOptions<State, Events>): Aggregates<State, Events> {
  const { name: stream, snapshot, announce } = definition;
  if (announce && !outbox)
    throw badRequest(
      `cannot keep aggregates of ${stream}: they announce events, and there is no outbox to do so`,
    );

  const load = async (transaction: Transaction, id: string): Promise<Loaded<State>> => {
    const from = (snapshot &&
      (await readSnapshot<State>(transaction, { stream, id, shape: snapshot.shape }))) ?? {
      state: definition.initial,
      version: 0,
    };
    const stored = await readStream(transaction, { stream, id, after: from.version });
    return evolve(
      definition,
      from,
      stored.map((event) => upcast(definition, event)),
    );
  };

  const tell = async (
    transaction: Transaction,
    id: string,
    version: number,
    events: readonly EventOf<Events>[],
  ) => {
    if (!announce) return;
    const drafts = events.flatMap((event, index) => {
      const draft = announce(event, id);
      // The same event has the same name, whoever tells it.
      return draft ? [{ key: id, subject: id, id: `${stream}/${id}/${version + index + 1}`, ...draft }] : [];
    });
    await must(outbox, "it was asked for").add(transaction, ...drafts);
  };

  const change: Aggregates<State, Events>["change"] = async (
    transaction,
    id,
    decide,
    { expectedVersion } = {},
  ) => {
    const before = await load(transaction, id);
    const { version } = before;
    if (expectedVersion !== undefined && expectedVersion !== version)
      throw moved({ stream, id, version: expectedVersion });
    const events = decide(before.state, version);
    if (events.length === 0) return before;
    const after = evolve(definition, before, events);
    const appended = await append(
      transaction,
      { stream, id, version, at: timeBy(clock) },
      events.map(({ type, data }) => ({ type, data, shape: shapeOf(definition, type) })),
    );
    for (const projection of inline) await projection.apply(transaction, appended);
    await tell(transaction, id, version, events);
    if (snapshot && Math.floor(after.version / snapshot.every) > Math.floor(version / snapshot.every))
      await writeSnapshot(transaction, { stream, id, shape: snapshot.shape }, after);
    return after;
  };

  return {
    definition,
    load,
    change,
    async handle(database, id, decide, options = {}) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await database.transaction((transaction) => change(transaction, id, decide, options));
        } catch (error) {
          const again =
            isConflict(error) && options.expectedVersion === undefined && attempt < limits.decisions;
          if (!again) throw error;
        }
      }
    },
  };
}
