import assert from "node:assert/strict";
import { test } from "node:test";
import { lacksNats, lacksPostgres } from "#testing";
import { assertBooksAgree, campaign, openTown, shopUnderFire } from "./shop/campaign.ts";
import { type Reader, readers } from "./shop/letters.ts";

/** The shop in examples/shop as one process, with a broker in its PostgreSQL that delivers every fifth message twice. */
const skip = lacksPostgres() ?? lacksNats() ?? false;

test(`${campaign.orders} orders while the process and PostgreSQL are killed at random: money, goods and orders agree to the cent`, {
  skip,
}, async (context) => {
  const town = await openTown(context, { layout: "monolith" });
  await context.test("messages that are put aside are looked for wherever somebody listens", async () => {
    const listening = await town.ask<Reader>("orders", "select topic, subscriber from chassis.subscriptions");
    assert.deepEqual(readers.map(nameOf).toSorted(), listening.map(nameOf).toSorted());
  });
  await town.deliverTwice();
  await assertBooksAgree(context, town, await shopUnderFire(context, town, campaign));
});

function nameOf({ topic, subscriber }: Reader): string {
  return `${topic}: ${subscriber}`;
}
