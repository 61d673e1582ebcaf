import { createInterface } from "node:readline";
import { type Purchase, payIn, purchase, shopping } from "./customers.ts";

/*
 * shopper.ts URL: customers who are a program of their own, for shops that only another network reaches. Each line of its input is a number: so many
 * orders more are placed. Says how many are, after each line; when its input ends, the id of each order and its number.
 */
/** What was bought: the id of each order, and the number of the purchase. */
export type Bought = [id: string, number: number][];

const [url = ""] = process.argv.slice(2);
await payIn(url);
const bought: Bought = [];
for await (const line of createInterface({ input: process.stdin })) {
  const numbers = Array.from({ length: Number(line) }, (_, index) => bought.length + index);
  const purchases = new Map<Purchase, number>(numbers.map((number) => [purchase(number), number]));
  const placed = await shopping(url, [...purchases.keys()], { atOnce: 4, done: () => {} });
  for (const [id, each] of placed) bought.push([id, purchases.get(each) as number]);
  console.log(`${bought.length} placed`);
}
console.log(`bought ${JSON.stringify(bought)}`);
