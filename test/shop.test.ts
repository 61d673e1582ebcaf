import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { seededRandom } from "#base";
import { lacksNats, lacksPostgres } from "#testing";
import { stageShop } from "../tools/shop/stage.ts";
import { type Layout, Town, type TownOptions } from "../tools/shop/town.ts";
import { eventually } from "./eventually.ts";
import { audit, isAtRest, isDoubled, isSilent } from "./shop/books.ts";
import { depositOf, insist, purchase, shopping } from "./shop/customers.ts";
import { Disasters } from "./shop/disasters.ts";

/** The shop in examples/shop, as one process and as seven, while everything that it stands on is killed. */
const campaign = process.env.NACRE_LONG ? { orders: 10_000, strikes: 100 } : { orders: 500, strikes: 12 };
/** Enough to do harm. */
const careless = { orders: 120, strikes: 8 };

describe("the shop", { skip: lacksPostgres() ?? lacksNats() ?? false }, () => {
  for (const layout of ["monolith", "services"] as const satisfies readonly Layout[])
    test(`${campaign.orders} orders while everything is killed at random, as ${layout}: money, goods and orders agree to the cent`, async (context) => {
      const { town, bought } = await ordersUnderFire(context, campaign, { layout });
      await eventually("every order has come to its end", () => isAtRest(town), { patienceMs: 180_000 });
      assert.deepEqual(await audit(town, bought), []);
    });

  test("what a part that is away would say is missing, and the rest is there; what it was asked to do waits for it", async (context) => {
    const town = await openTown(context, { layout: "services" });
    const look = async (path: string): Promise<unknown> => (await fetch(`${town.url}/web/${path}`)).json();
    await insist(`${town.url}/web/accounts/ann/deposits`, "deposit", { cents: 1_000 });
    const away = (["inventory", "orders", "overview"] as const).map((part) => town.processOf(part));
    await Promise.all(away.map((each) => each.stop()));

    assert.deepEqual(await look("shelves"), [
      { item: "pear", cents: 120 },
      { item: "quince", cents: 310 },
      { item: "medlar", cents: 450 },
    ]);
    assert.deepEqual(await look("customers/ann"), { cents: 1_000 });
    const ordering = insist(`${town.url}/web/orders`, "order", { customer: "ann", item: "pear", count: 2 });

    await Promise.all(away.map((each) => each.start()));
    const { id } = await ordering;
    const sent = { id, item: "pear", count: 2, cents: 240, state: "sent" };
    await eventually("the order is seen to its end", async () =>
      isDeepStrictEqual(await look("customers/ann"), { orders: [sent], cents: 760 }),
    );
  });

  const harm = {
    outbox: { what: "nothing is left to be said", isDone: isSilent },
    inbox: { what: "something is done twice", isDone: isDoubled },
  } as const;
  for (const without of ["outbox", "inbox"] as const)
    test(`without the ${without} they do not`, async (context) => {
      const { town, bought } = await ordersUnderFire(context, careless, { layout: "monolith", without });
      await eventually(harm[without].what, () => harm[without].isDone(town), { patienceMs: 180_000 });
      const wrong = await audit(town, bought);
      assert.notDeepEqual(wrong, []);
      context.diagnostic(wrong.map((line) => line.slice(0, 160)).join("\n"));
    });
});

async function openTown(context: TestContext, options: Omit<TownOptions, "staged">): Promise<Town> {
  const town = await Town.open({ ...options, staged: await stageShop() });
  context.after(async () => {
    if (!context.passed)
      for (const { name, lastWords } of town.processes) context.diagnostic(`${name} said: ${lastWords}`);
    await town.close();
  });
  return town;
}

async function ordersUnderFire(
  context: TestContext,
  { orders, strikes }: typeof campaign,
  options: Omit<TownOptions, "staged">,
) {
  const town = await openTown(context, options);
  if (!town.nats) await town.deliverTwice();
  for (let customer = 0; customer < 20; customer += 1)
    await insist(`${town.url}/web/accounts/customer-${customer}/deposits`, `deposit-${customer}`, {
      cents: depositOf(customer, orders),
    });
  const disasters = new Disasters(town, seededRandom(1));
  const every = Math.floor(orders / strikes);
  const bought = await shopping(
    town.url,
    Array.from({ length: orders }, (_, number) => purchase(number)),
    {
      atOnce: 8,
      done: (count) => {
        if (count % every === 0) disasters.strike();
      },
    },
  );
  await disasters.over();
  context.diagnostic(`struck: ${disasters.struck.join(", ")}`);
  return { town, bought };
}
