import { badRequest } from "#base";
import type { Transaction } from "../../database/database.ts";
import type { RecordedEvent } from "../events/log.ts";

/**
 * A projection: what readers want to see, made from events. It writes into a table of its version; readers see it under
 * its name, a view that leads to the newest version that is complete.
 */
export type Projection = Table & (OneByOne | ByBatches);

interface Table {
  /** What readers select from: `order_totals`. */
  readonly name: string;
  /** Counted up when the table or what is written into it changes: the new one is built beside the old. */
  readonly version: number;
  /** What makes the table, and what else belongs to it. */
  readonly create: (table: string) => string;
}

interface OneByOne {
  /** What each event changes, through the transaction. Events of other types do not concern it. */
  readonly on: Readonly<Record<string, Apply>>;
}

interface ByBatches {
  /**
   * What the events of a batch change, in their order, also those that do not concern it: for those who can say it in one
   * statement. Hundreds of round trips less, which is what building it anew consists of.
   */
  readonly onBatch: ApplyBatch;
}

export type ApplyBatch = (
  transaction: Transaction,
  table: string,
  events: readonly RecordedEvent[],
) => Promise<unknown>;

/** `table` is the version's. */
export type Apply = (transaction: Transaction, table: string, event: RecordedEvent) => Promise<unknown>;

/** The table of a projection's version. */
export function tableOf({ name, version }: Pick<Projection, "name" | "version">): string {
  return `${name}_v${version}`;
}

export function checkProjection({ name, version }: Projection): void {
  const refuse = (why: string) => badRequest(`cannot keep the projection "${name}": ${why}`);
  if (!/^[a-z][a-z0-9_]{0,50}$/.test(name))
    throw refuse("its name is to be 1 to 51 lower-case letters, digits and underscores, for it names a view");
  if (!Number.isSafeInteger(version) || version < 1) throw refuse("its versions are counted from 1");
}

/** Events of one batch, in their order. */
export async function applyAll(
  transaction: Transaction,
  projection: Projection,
  events: readonly RecordedEvent[],
): Promise<void> {
  const table = tableOf(projection);
  if ("onBatch" in projection) {
    if (events.length > 0) await projection.onBatch(transaction, table, events);
    return;
  }
  for (const event of events)
    if (Object.hasOwn(projection.on, event.type))
      await projection.on[event.type]?.(transaction, table, event);
}
