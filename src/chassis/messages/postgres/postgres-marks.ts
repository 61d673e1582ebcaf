import type { Database, Transaction } from "../../database/database.ts";
import type { Marks } from "../marks.ts";
import type { Message } from "../message.ts";

/** Marks are rows, moved in the transaction that publishes. */
export function postgresMarks(
  database: Database,
  publish: (transaction: Transaction, messages: readonly Message[]) => Promise<void>,
): Marks {
  return {
    async read(mark) {
      const { rows } = await database.query("select at from chassis.marks where mark = $1", [mark]);
      return (rows as readonly { at: string }[])[0]?.at;
    },
    move: ({ mark, from, to, messages }) =>
      database.transaction(async (transaction) => {
        const { rows } =
          from === undefined
            ? await transaction.query(
                "insert into chassis.marks values ($1, $2) on conflict do nothing returning 1",
                [mark, to],
              )
            : await transaction.query(
                "update chassis.marks set at = $3 where mark = $1 and at = $2 returning 1",
                [mark, from, to],
              );
        if (rows.length === 0) return false;
        await publish(transaction, messages);
        return true;
      }),
  };
}
