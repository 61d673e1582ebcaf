import { readFileSync } from "node:fs";
import { eventually } from "../../test/eventually.ts";
import { isAtRest } from "../../test/shop/books.ts";
import { payIn, purchase, shopping } from "../../test/shop/customers.ts";
import { stageShop } from "../../tools/shop/stage.ts";
import { type Layout, layouts, Town } from "../../tools/shop/town.ts";
import { percentile } from "../row.ts";

export interface ShopFigures {
  readonly layout: Layout;
  readonly processes: number;
  /** Resident memory of all processes, PostgreSQL and NATS left out. */
  readonly memoryMb: number;
  /** From the order to its acknowledgement. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Orders that came to their end, parcel and letter included, per second. */
  readonly perSecond: number;
  /** Values that somebody has to write down. */
  readonly settings: number;
}

const orders = 300;

/** The same source as one process and as seven. */
export async function measureShops(say: (line: string) => void): Promise<readonly ShopFigures[]> {
  const all: ShopFigures[] = [];
  for (const layout of Object.keys(layouts) as Layout[]) {
    all.push(await measure(layout));
    say(`shop as ${layout}`);
  }
  return all;
}

async function measure(layout: Layout): Promise<ShopFigures> {
  const town = await Town.open({ staged: await stageShop(), layout, postgres: { fsync: "on" } });
  try {
    await payIn(town.url);
    const took: number[] = [];
    const began = performance.now();
    await shopping(
      town.url,
      Array.from({ length: orders }, (_, number) => purchase(number)),
      {
        atOnce: 8,
        done: (_, ms) => took.push(ms),
      },
    );
    await eventually("every order has come to its end", () => isAtRest(town));
    const perSecond = orders / ((performance.now() - began) / 1000);
    return {
      layout,
      processes: town.processes.length,
      memoryMb: town.processes.reduce((sum, { pid }) => sum + residentMb(pid), 0),
      p50Ms: percentile(took, 0.5),
      p99Ms: percentile(took, 0.99),
      perSecond,
      settings: town.settings,
    };
  } finally {
    await town.close();
  }
}

function residentMb(pid: number): number {
  const pages = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1];
  return (Number(pages) * 4096) / 1e6;
}
