import type { Town } from "../../tools/shop/town.ts";
import type { Purchase } from "./customers.ts";
import { depositOf } from "./customers.ts";

interface Placed {
  readonly customer: string;
  readonly item: string;
  readonly count: number;
  readonly cents: number;
}

/** Whether everything that was begun has ended, as far as the parts' databases say. */
export async function isAtRest(town: Town): Promise<boolean> {
  const [unfinished] = await town.ask<{ count: number }>(
    "orders",
    "select count(*)::int as count from chassis.sagas where state not in ('completed', 'refused')",
  );
  const { placed, completed, refused } = await ordersOf(town);
  const [letters] = await town.ask<{ count: number }>(
    "notifications",
    "select count(*)::int as count from notifications.letters",
  );
  const [seen] = await town.ask<{ count: number }>(
    "overview",
    "select count(*)::int as count from overview.orders where state in ('placed', 'completed')",
  );
  return (
    unfinished?.count === 0 &&
    seen?.count === 0 &&
    placed.size === completed.size + refused.size &&
    (letters?.count ?? 0) >= placed.size
  );
}

async function ordersOf(town: Town) {
  const rows = await town.ask<{ id: string; type: string; data: Placed }>(
    "orders",
    "select id, type, data::json from chassis.events where stream = 'order' order by id, version",
  );
  const of = (type: string) =>
    new Map(rows.filter((row) => row.type === type).map(({ id, data }) => [id, data]));
  return { placed: of("placed"), completed: of("completed"), refused: of("refused") };
}

/** Everything that does not agree, in words: of money, goods, orders, parcels and letters. Empty when all of it does. */
export async function audit(town: Town, bought: ReadonlyMap<string, Purchase>): Promise<readonly string[]> {
  const wrong: string[] = [];
  const expect = (what: string, is: unknown, should: unknown) => {
    if (JSON.stringify(is) !== JSON.stringify(should))
      wrong.push(`${what}: is ${JSON.stringify(is)}, should be ${JSON.stringify(should)}`);
  };
  const { placed, completed, refused } = await ordersOf(town);
  const sum = (each: Iterable<number>) => [...each].reduce((total, one) => total + one, 0);
  const sold = [...completed.keys()].flatMap((id) => placed.get(id) ?? []);

  expect("orders that were placed", [...placed.keys()].sort(), [...bought.keys()].sort());
  expect(
    "orders without an end",
    [...placed.keys()].filter((id) => !completed.has(id) && !refused.has(id)),
    [],
  );

  const taken = await town.ask<{ for_order: string; cents: number }>(
    "payment",
    "select for_order, -cents::float8 as cents from payment.ledger where for_order is not null order by for_order",
  );
  expect(
    "what was paid, order by order",
    taken.map(({ for_order, cents }) => [for_order, cents]),
    [...completed.keys()].sort().map((id) => [id, placed.get(id)?.cents]),
  );
  const [money] = await town.ask<{ accounts: number; ledger: number }>(
    "payment",
    `select (select coalesce(sum(cents), 0)::float8 from payment.accounts) as accounts,
            (select coalesce(sum(cents), 0)::float8 from payment.ledger) as ledger`,
  );
  const paidIn = sum(Array.from({ length: 20 }, (_, customer) => depositOf(customer, bought.size)));
  expect("cents in all accounts", money?.accounts, paidIn - sum(sold.map(({ cents }) => cents)));
  expect("cents in the ledger", money?.ledger, money?.accounts);

  const shelves = await town.ask<{ item: string; gone: number }>(
    "inventory",
    `select item, sum(count)::int as gone from inventory.reservations where state = 'reserved' group by item order by item`,
  );
  const soldOf = (item: string) => sum(sold.filter((one) => one.item === item).map(({ count }) => count));
  expect(
    "goods that are gone",
    shelves.map(({ item, gone }) => [item, gone]),
    [...new Set(sold.map(({ item }) => item))].sort().map((item) => [item, soldOf(item)]),
  );
  const stock = await town.ask<{ item: string; total: number }>(
    "inventory",
    `select item, (available + coalesce((select sum(count) from inventory.reservations r
       where r.item = s.item and r.state = 'reserved'), 0))::int as total from inventory.stock s order by item`,
  );
  expect(
    "goods on the shelves and gone",
    stock.map(({ item, total }) => [item, total]),
    [
      ["medlar", 500],
      ["pear", 4_000],
      ["quince", 3_000],
    ],
  );

  const parcels = await town.ask<{ order_id: string }>(
    "shipping",
    "select order_id from shipping.shipments order by order_id",
  );
  expect(
    "parcels",
    parcels.map(({ order_id }) => order_id),
    [...completed.keys()].sort(),
  );
  const letters = await town.ask<{ order_id: string }>(
    "notifications",
    "select order_id from notifications.letters order by order_id",
  );
  expect(
    "letters",
    letters.map(({ order_id }) => order_id),
    [...placed.keys()].sort(),
  );
  const shown = await town.ask<{ id: string; state: string }>(
    "overview",
    "select id, state from overview.orders order by id",
  );
  expect(
    "orders as customers see them",
    shown.map(({ id, state }) => [id, state === "sent"]),
    [...placed.keys()].sort().map((id) => [id, completed.has(id)]),
  );
  for (const part of ["orders", "inventory", "payment", "shipping", "notifications", "overview"] as const) {
    const letters = await town.ask<{ error: string }>(part, "select error from chassis.dead_letters");
    expect(
      `messages that ${part} has put aside`,
      letters.map(({ error }) => error),
      [],
    );
  }
  return wrong;
}

/**
 * Whether there is nothing left to be said in one database that all parts share: so it ends, whatever was lost on the way. What has failed for the fourth
 * time, after more than ten seconds and with everything up again, is on its way to be put aside, and nobody waits minutes for that.
 */
export async function isSilent(town: Town): Promise<boolean> {
  const [left] = await town.ask<{ count: number }>(
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
export async function isDoubled(town: Town): Promise<boolean> {
  const effects = [
    ["payment", "payment.ledger", "for_order"],
    ["shipping", "shipping.shipments", "order_id"],
    ["notifications", "notifications.letters", "order_id"],
  ] as const;
  for (const [part, table, order] of effects) {
    const rows = await town.ask(
      part,
      `select ${order} from ${table} where ${order} is not null group by 1 having count(*) > 1 limit 1`,
    );
    if (rows.length > 0) return true;
  }
  return false;
}
