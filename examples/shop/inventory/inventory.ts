import type { Transaction } from "@nacre/chassis/data";
import { catalogue, type Item } from "../catalogue.ts";
import { about, type Commands, topics } from "../messages.ts";
import { part } from "../part.ts";
import { inventoryApi } from "./api.ts";
import { inventorySchema } from "./schema.ts";

/** Keeps what is on the shelves: reserved for an order, given back when nothing came of it. */
export const inventory = part({
  name: "inventory",
  routes: inventoryApi,
  schemas: [inventorySchema],
  async open({ database, outbox, obey }) {
    const box = outbox("/inventory");
    await obey("inventory", {
      async "stock.reserve"(transaction, order, command) {
        const isReserved = await reserve(transaction, order, command);
        await box.add(
          transaction,
          isReserved
            ? about(order, topics.answers, "stock.reserved", {})
            : about(order, topics.answers, "stock.refused", { reason: `not enough of ${command.item}` }),
        );
      },
      async "stock.release"(transaction, order) {
        await release(transaction, order);
        await box.add(transaction, about(order, topics.answers, "stock.released", {}));
      },
    });
    return {
      async listStock() {
        const { rows } = await database.query("select item, available from inventory.stock order by item");
        return (rows as { item: Item; available: number }[]).map((row) => ({
          ...row,
          cents: catalogue[row.item].cents,
        }));
      },
    };
  },
});

/** Takes it from the shelf: false when there is not enough, or when the order was given up before it got here. */
async function reserve(
  transaction: Transaction,
  order: string,
  { item, count }: Commands["stock.reserve"],
): Promise<boolean> {
  const { rows } = await transaction.query("select 1 from inventory.reservations where order_id = $1", [
    order,
  ]);
  if (rows.length > 0) return false;
  const taken = await transaction.query(
    "update inventory.stock set available = available - $2 where item = $1 and available >= $2 returning 1",
    [item, count],
  );
  if (taken.rows.length === 0) return false;
  await transaction.query("insert into inventory.reservations values ($1, $2, $3, 'reserved')", [
    order,
    item,
    count,
  ]);
  return true;
}

/** Puts it back, and remembers the order: a reservation that comes after its release comes to nothing. */
async function release(transaction: Transaction, order: string): Promise<void> {
  const { rows } = await transaction.query(
    "update inventory.reservations set state = 'released' where order_id = $1 and state = 'reserved' returning item, count",
    [order],
  );
  const [back] = rows as { item: string; count: number }[];
  if (back)
    await transaction.query("update inventory.stock set available = available + $2 where item = $1", [
      back.item,
      back.count,
    ]);
  else
    await transaction.query(
      "insert into inventory.reservations (order_id, state) values ($1, 'released') on conflict do nothing",
      [order],
    );
}
