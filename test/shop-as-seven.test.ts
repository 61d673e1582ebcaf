import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { lacksNats, lacksPostgres } from "#testing";
import { eventually } from "./eventually.ts";
import { assertBooksAgree, campaign, openTown, shopUnderFire } from "./shop/campaign.ts";
import { insist } from "./shop/customers.ts";

/** The shop in examples/shop as seven processes, with a database each and NATS between them. */
describe("the shop as seven services", { skip: lacksPostgres() ?? lacksNats() ?? false }, () => {
  test(`${campaign.orders} orders while every service, PostgreSQL and NATS are killed at random: money, goods and orders agree to the cent`, async (context) => {
    const town = await openTown(context, { layout: "services" });
    await assertBooksAgree(context, town, await shopUnderFire(context, town, campaign));
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
});
