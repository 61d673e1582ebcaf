import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { silentLogger, systemClock } from "#base";
import { createHost } from "#host";
import { lacksBusybox, lacksNats, lacksPostgres } from "#testing";
import { prepareImages } from "../tools/shop/images.ts";
import { layouts } from "../tools/shop/town.ts";
import { eventually } from "./eventually.ts";
import { createMachine, type TestMachine } from "./machine.ts";
import { audit, type Books, isAtRest } from "./shop/books.ts";
import { type Purchase, purchase } from "./shop/customers.ts";
import type { Bought } from "./shop/shopper.ts";
import { typing } from "./typing.ts";

/** The seven services of examples/shop in a cluster, deployed as its README says, with their PostgreSQL and their NATS. */
const skip = lacksPostgres() ?? lacksNats() ?? (await lacksBusybox());

describe("the shop in a cluster", { skip }, async () => {
  const machine = await createMachine();
  after(() => machine.remove());
  const { run, get } = typing(machine, { timeoutMs: 180_000 });
  const manifests = join(import.meta.dirname, "../examples/shop/kubernetes");
  const parts = layouts.services.flat();
  const stores = ["postgres", "nats"];
  const kindOf = (name: string) => (stores.includes(name) ? "statefulset" : "deployment");

  before(async () => {
    await machine.up();
    // The machine of the test has no way to npm's registry.
    const host = createHost({ clock: systemClock, logger: silentLogger });
    for (const words of await prepareImages(host, machine.directory)) await machine.nacre(...words);
    await run(`apply -k ${manifests}/seven`);
    for (const each of [...stores, ...parts])
      await run(`rollout status ${kindOf(each)}/${each} --timeout=120s`);
  });

  test("orders placed while a pod of each part, of PostgreSQL and of NATS is deleted agree to the cent", async () => {
    const { clusterIP } = (await get("service web")).spec;
    const victims = [...parts, ...stores];
    const shopper = machine.start(process.execPath, [
      join(import.meta.dirname, "shop/shopper.ts"),
      `http://${clusterIP}`,
      String(victims.length * ordersEach),
    ]);
    for (const [index, victim] of victims.entries()) {
      shopper.type(`${ordersEach}\n`);
      const [pod] = (await get(`pods -l app=${victim}`)).items;
      await run(`delete pod ${pod.metadata.name}`);
      await shopper.printed(new RegExp(`^${(index + 1) * ordersEach} placed$`, "m"), patience);
      await run(`rollout status ${kindOf(victim)}/${victim} --timeout=120s`);
    }
    shopper.type();
    const placed = await shopper.printed(/^bought (.*)$/m);
    const bought = new Map<string, Purchase>(
      (JSON.parse(placed) as Bought).map(([id, number]) => [id, purchase(number)]),
    );
    const books = booksOf(machine);
    await eventually("every order has come to its end", () => isAtRest(books), { patienceMs: 180_000 });
    assert.deepEqual(await audit(books, bought), []);
  });
});

/** Placed while a pod is deleted. */
const ordersEach = 8;
const patience = { timeoutMs: 120_000 };

/** The parts' databases, asked as a person would. */
function booksOf(machine: TestMachine): Books {
  return {
    async ask<Row>(part: string, statement: string) {
      const asJson = `select coalesce(json_agg(each), '[]') from (${statement}) as each`;
      const { stdout } = await machine.kubectl(
        "exec",
        "postgres-0",
        "--",
        "psql",
        "-At",
        "-d",
        part,
        "-c",
        asJson,
      );
      return JSON.parse(stdout) as Row[];
    },
  };
}
