import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { seededRandom } from "#base";
import { stageShop } from "../../tools/shop/stage.ts";
import { Town, type TownOptions } from "../../tools/shop/town.ts";
import { eventually } from "../eventually.ts";
import { audit, booksOf, isAtRest } from "./books.ts";
import { type Purchase, payIn, purchase, shopping } from "./customers.ts";
import { Disasters } from "./disasters.ts";

/** How many orders are placed, and how often something is killed meanwhile. */
export interface Campaign {
  readonly orders: number;
  readonly strikes: number;
}

/** 500 orders, and 10,000 in a long test. */
export const campaign: Campaign = process.env.NACRE_LONG
  ? { orders: 10_000, strikes: 100 }
  : { orders: 500, strikes: 12 };

/** A shop for one test. When that fails, what the shop's processes said last is told. */
export async function openTown(context: TestContext, options: Omit<TownOptions, "staged">): Promise<Town> {
  const town = await Town.open({ ...options, staged: await stageShop() });
  context.after(async () => {
    if (!context.passed)
      for (const { name, lastWords } of town.processes) context.diagnostic(`${name} said: ${lastWords}`);
    await town.close();
  });
  return town;
}

/** Has everything bought in a shop while everything that it stands on is killed. What was bought, by order. */
export async function shopUnderFire(
  context: TestContext,
  town: Town,
  { orders, strikes }: Campaign,
): Promise<ReadonlyMap<string, Purchase>> {
  await payIn(town.url);
  const disasters = new Disasters(town, seededRandom(1));
  const every = Math.floor(orders / strikes);
  const began = performance.now();
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
  const seconds = (performance.now() - began) / 1000;
  context.diagnostic(
    `${orders} orders placed in ${seconds.toFixed(1)} s, ${(orders / seconds).toFixed(1)}/s; killed: ${disasters.summary}`,
  );
  return bought;
}

/** Waits for every order's end, and says whether the books agree. */
export async function assertBooksAgree(
  context: TestContext,
  town: Town,
  bought: ReadonlyMap<string, Purchase>,
): Promise<void> {
  const began = performance.now();
  await eventually("every order has come to its end", () => isAtRest(town), {
    patienceMs: 180_000 + bought.size * patienceForOneMs,
  });
  const seconds = (performance.now() - began) / 1000;
  context.diagnostic(`the last came to its end ${seconds.toFixed(1)} s later`);
  assert.deepEqual(await audit(booksOf(town), bought), []);
}

/** What is behind when the last order is placed, on a machine that has other things to do. */
const patienceForOneMs = 30;
