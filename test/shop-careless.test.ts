import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lacksNats, lacksPostgres } from "#testing";
import { eventually } from "./eventually.ts";
import { audit, booksOf, isDoubled, isSilent } from "./shop/books.ts";
import { type Campaign, openTown, shopUnderFire } from "./shop/campaign.ts";

/** Enough to do harm. */
const careless: Campaign = { orders: 120, strikes: 8 };

/** The shop with one of its safeguards left out, and when it has done its harm. */
describe("money, goods and orders do not agree", { skip: lacksPostgres() ?? lacksNats() ?? false }, () => {
  const harm = {
    outbox: { what: "nothing is left to be said", isDone: isSilent },
    inbox: { what: "something is done twice", isDone: isDoubled },
  } as const;
  for (const without of ["outbox", "inbox"] as const)
    test(`without the ${without}`, async (context) => {
      const town = await openTown(context, { layout: "monolith", without });
      await town.deliverTwice();
      const bought = await shopUnderFire(context, town, careless);
      await eventually(harm[without].what, () => harm[without].isDone(town), { patienceMs: 180_000 });
      const wrong = await audit(booksOf(town), bought);
      assert.notDeepEqual(wrong, []);
      context.diagnostic(wrong.join("\n"));
    });
});
