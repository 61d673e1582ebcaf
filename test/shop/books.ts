import { catalogue } from "../../examples/shop/catalogue.ts";
import type { PartName, Town } from "../../tools/shop/town.ts";
import type { Purchase } from "./customers.ts";
import { customers, depositOf } from "./customers.ts";
import { lettersAtNats } from "./letters.ts";

/** Where the parts keep what they know, wherever they run. */
export interface Books {
  /** What a part has in its database. */
  ask<Row>(part: PartName, statement: string): Promise<readonly Row[]>;
  /** Why each message was put aside that a part could not handle. */
  letters(): Promise<readonly string[]>;
}

/** What parts have put aside whose broker is in their database. */
export async function lettersAtPostgres(books: Pick<Books, "ask">): Promise<readonly string[]> {
  const letters = await books.ask<{ consumer: string; error: string }>(
    "orders",
    "select consumer, error from chassis.dead_letters",
  );
  return letters.map(({ consumer, error }) => `${consumer}: ${error}`);
}

/** Those of a shop on this machine. */
export function booksOf(town: Town): Books {
  const ask: Books["ask"] = (part, statement) => town.ask(part, statement);
  return {
    ask,
    letters: () => (town.nats ? lettersAtNats(town.nats.url) : lettersAtPostgres({ ask })),
  };
}

interface Placed {
  readonly customer: string;
  readonly item: string;
  readonly count: number;
  readonly cents: number;
}

/** Whether everything that was begun has ended, as far as the parts' databases say. */
export async function isAtRest(books: Pick<Books, "ask">): Promise<boolean> {
  const count = async (part: PartName, rows: string) => {
    const [counted] = await books.ask<{ count: number }>(part, `select count(*)::int as count from ${rows}`);
    return counted?.count ?? 0;
  };
  const events = "chassis.events where stream = 'order' and type";
  const placed = await count("orders", `${events} = 'placed'`);
  return (
    (await count("orders", "chassis.sagas where state not in ('completed', 'refused')")) === 0 &&
    (await count("orders", `${events} in ('completed', 'refused')`)) === placed &&
    (await count("overview", "overview.orders where state in ('placed', 'completed')")) === 0 &&
    (await count("notifications", "notifications.letters")) >= placed
  );
}

async function ordersOf(books: Pick<Books, "ask">) {
  const rows = await books.ask<{ id: string; type: string; data: Placed }>(
    "orders",
    "select id, type, data::json from chassis.events where stream = 'order' order by id, version",
  );
  const of = (type: string) =>
    new Map(rows.filter((row) => row.type === type).map(({ id, data }) => [id, data]));
  return { placed: of("placed"), completed: of("completed"), refused: of("refused") };
}

/** Everything that does not agree, in words: of money, goods, orders, parcels and letters. Empty when all of it does. */
export async function audit(books: Books, bought: ReadonlyMap<string, Purchase>): Promise<readonly string[]> {
  const wrong: string[] = [];
  const expect = (what: string, is: readonly unknown[], should: readonly unknown[]) => {
    const [surplus, missing] = [without(is, should), without(should, is)];
    if (surplus.length > 0) wrong.push(`${what}: ${some(surplus)} should not be there`);
    if (missing.length > 0) wrong.push(`${what}: ${some(missing)} should be there`);
  };
  const { placed, completed, refused } = await ordersOf(books);
  const sum = (each: Iterable<number>) => [...each].reduce((total, one) => total + one, 0);
  const sold = [...completed.keys()].flatMap((id) => placed.get(id) ?? []);

  expect("orders that were placed", [...placed.keys()], [...bought.keys()]);
  expect(
    "orders without an end",
    [...placed.keys()].filter((id) => !completed.has(id) && !refused.has(id)),
    [],
  );

  const taken = await books.ask<{ for_order: string; cents: number }>(
    "payment",
    "select for_order, -cents::float8 as cents from payment.ledger where for_order is not null",
  );
  expect(
    "what was paid, order by order",
    taken.map(({ for_order, cents }) => [for_order, cents]),
    [...completed.keys()].map((id) => [id, placed.get(id)?.cents]),
  );
  const [money] = await books.ask<{ accounts: number; ledger: number }>(
    "payment",
    `select (select coalesce(sum(cents), 0)::float8 from payment.accounts) as accounts,
            (select coalesce(sum(cents), 0)::float8 from payment.ledger) as ledger`,
  );
  const paidIn = sum(Array.from({ length: customers }, (_, customer) => depositOf(customer)));
  expect("cents in all accounts", [money?.accounts], [paidIn - sum(sold.map(({ cents }) => cents))]);
  expect("cents in the ledger", [money?.ledger], [money?.accounts]);

  const shelves = await books.ask<{ item: string; gone: number }>(
    "inventory",
    `select item, sum(count)::int as gone from inventory.reservations where state = 'reserved' group by item`,
  );
  const soldOf = (item: string) => sum(sold.filter((one) => one.item === item).map(({ count }) => count));
  expect(
    "goods that are gone",
    shelves.map(({ item, gone }) => [item, gone]),
    [...new Set(sold.map(({ item }) => item))].map((item) => [item, soldOf(item)]),
  );
  const stock = await books.ask<{ item: string; total: number }>(
    "inventory",
    `select item, (available + coalesce((select sum(count) from inventory.reservations r
       where r.item = s.item and r.state = 'reserved'), 0))::int as total from inventory.stock s`,
  );
  expect(
    "goods on the shelves and gone",
    stock.map(({ item, total }) => [item, total]),
    Object.entries(catalogue).map(([item, { stock }]) => [item, stock]),
  );

  const parcels = await books.ask<{ order_id: string }>(
    "shipping",
    "select order_id from shipping.shipments",
  );
  expect(
    "parcels",
    parcels.map(({ order_id }) => order_id),
    [...completed.keys()],
  );
  const letters = await books.ask<{ order_id: string }>(
    "notifications",
    "select order_id from notifications.letters",
  );
  expect(
    "letters",
    letters.map(({ order_id }) => order_id),
    [...placed.keys()],
  );
  const shown = await books.ask<{ id: string; state: string }>(
    "overview",
    "select id, state from overview.orders",
  );
  expect(
    "orders as customers see them",
    shown.map(({ id, state }) => [id, state === "sent"]),
    [...placed.keys()].map((id) => [id, completed.has(id)]),
  );
  expect("messages that were put aside", await books.letters(), []);
  return wrong;
}

/** What is in one list and not as often in another, as text. */
function without(list: readonly unknown[], other: readonly unknown[]): string[] {
  const left = new Map<string, number>();
  for (const each of other.map((one) => JSON.stringify(one))) left.set(each, (left.get(each) ?? 0) + 1);
  return list
    .map((one) => JSON.stringify(one))
    .filter((each) => {
      const times = left.get(each) ?? 0;
      left.set(each, times - 1);
      return times <= 0;
    });
}

function some(all: readonly string[]): string {
  const first = all.slice(0, 3).join(", ");
  return all.length > 3 ? `${first} and ${all.length - 3} more` : first;
}

/**
 * Whether there is nothing left to be said in one database that all parts share: so it ends, whatever was lost on the way. What has failed for the fourth
 * time, after more than ten seconds and with everything up again, is on its way to be put aside, and nobody waits minutes for that.
 */
export async function isSilent(books: Pick<Books, "ask">): Promise<boolean> {
  const [left] = await books.ask<{ count: number }>(
    "orders",
    `select (select count(*) from chassis.outbox)::int + (
       select count(*) from chassis.deliveries as delivery where not exists (
         select from chassis.deliveries as hopeless
         where hopeless.topic = delivery.topic and hopeless.subscriber = delivery.subscriber and hopeless.key = delivery.key
           and hopeless.attempt > 4
       ))::int as count`,
  );
  return left?.count === 0;
}

/** Whether something was done twice that nothing undoes: an order that was paid, sent or written about more than once. */
export async function isDoubled(books: Pick<Books, "ask">): Promise<boolean> {
  const effects = [
    ["payment", "payment.ledger", "for_order"],
    ["shipping", "shipping.shipments", "order_id"],
    ["notifications", "notifications.letters", "order_id"],
  ] as const;
  for (const [part, table, order] of effects) {
    const rows = await books.ask(
      part,
      `select ${order} from ${table} where ${order} is not null group by 1 having count(*) > 1 limit 1`,
    );
    if (rows.length > 0) return true;
  }
  return false;
}
