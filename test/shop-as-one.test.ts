import { test } from "node:test";
import { lacksNats, lacksPostgres } from "#testing";
import { assertBooksAgree, campaign, openTown, shopUnderFire } from "./shop/campaign.ts";

/** The shop in examples/shop as one process, with a broker in its PostgreSQL that delivers every fifth message twice. */
const skip = lacksPostgres() ?? lacksNats() ?? false;

test(`${campaign.orders} orders while the process and PostgreSQL are killed at random: money, goods and orders agree to the cent`, {
  skip,
}, async (context) => {
  const town = await openTown(context, { layout: "monolith" });
  await town.deliverTwice();
  await assertBooksAgree(context, town, await shopUnderFire(context, town, campaign));
});
