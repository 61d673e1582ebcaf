import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { silentLogger, systemClock } from "#base";
import { createHost } from "#host";
import { lacksBusybox, lacksNats, lacksPostgres } from "#testing";
import { prepareImages } from "../tools/shop/images.ts";
import { layouts } from "../tools/shop/town.ts";
import { eventually } from "./eventually.ts";
import { createMachine, type TestMachine } from "./machine.ts";
import { audit, type Books, isAtRest, lettersAtPostgres } from "./shop/books.ts";
import { type Purchase, purchase } from "./shop/customers.ts";
import type { Bought } from "./shop/shopper.ts";
import { typing } from "./typing.ts";

/** The shop of examples/shop in a cluster, deployed as its README says, with its PostgreSQL and its NATS. */
const skip = lacksPostgres() ?? lacksNats() ?? (await lacksBusybox());

describe("the shop in a cluster", { skip }, async () => {
  const machine = await createMachine();
  after(() => machine.remove());
  const { run, get } = typing(machine, { timeoutMs: 180_000 });
  const manifests = join(import.meta.dirname, "../examples/shop/kubernetes");

  before(async () => {
    await machine.up();
    // The machine of the test has no way to npm's registry.
    const host = createHost({ clock: systemClock, logger: silentLogger });
    for (const words of await prepareImages(host, machine.directory)) await machine.nacre(...words);
  });

  test("seven services: orders placed while a pod of each, of PostgreSQL and of NATS is deleted agree to the cent", async () => {
    await run(`apply -k ${manifests}/seven`);
    const victims = [...layouts.services.flat(), "postgres", "nats"];
    const bought = await shoppingWhileDeleted("web", victims);
    const nats = (await get("service nats")).spec.clusterIP;
    const letters = join(import.meta.dirname, "shop/letters.ts");
    const ask = asking(machine, (part) => part);
    await assertBooksAgree(bought, {
      ask,
      letters: async () =>
        JSON.parse((await machine.run(process.execPath, [letters, `nats://${nats}:4222`])).stdout),
    });
    await run(`delete -k ${manifests}/seven`);
  });

  test("one process: orders placed while one of its two pods is deleted, and PostgreSQL's, agree to the cent", async () => {
    await run(`apply -k ${manifests}/one`);
    const bought = await shoppingWhileDeleted("shop", ["shop", "postgres"]);
    const ask = asking(machine, () => "shop");
    await assertBooksAgree(bought, { ask, letters: () => lettersAtPostgres({ ask }) });
  });

  /** Orders in a shop behind a service, from before a pod of each victim is deleted, one after the other, until another one is there. */
  async function shoppingWhileDeleted(
    entrance: string,
    victims: readonly string[],
  ): Promise<ReadonlyMap<string, Purchase>> {
    for (const each of victims) await standing(each);
    const { clusterIP } = (await get(`service ${entrance}`)).spec;
    const shopper = machine.start(process.execPath, [
      join(import.meta.dirname, "shop/shopper.ts"),
      `http://${clusterIP}`,
    ]);
    let placed = 0;
    const buyUntil = async (over: AbortSignal) => {
      while (!over.aborted) {
        shopper.type(`${atOnce}\n`);
        placed += atOnce;
        await shopper.printed(new RegExp(`^${placed} placed$`, "m"), patience);
        await pause(breathMs, undefined, { signal: over }).catch(() => {});
      }
    };
    for (const victim of victims) {
      const replaced = new AbortController();
      await Promise.all([replace(victim).finally(() => replaced.abort()), buyUntil(replaced.signal)]);
    }
    shopper.type();
    const bought = JSON.parse(await shopper.printed(/^bought (.*)\n/m)) as Bought;
    return new Map(bought.map(([id, number]) => [id, purchase(number)]));
  }

  async function replace(victim: string): Promise<void> {
    const [pod] = (await get(`pods -l app=${victim}`)).items;
    await run(`delete pod ${pod.metadata.name}`);
    await standing(victim);
  }

  function standing(name: string): Promise<string> {
    const kind = ["postgres", "nats"].includes(name) ? "statefulset" : "deployment";
    return run(`rollout status ${kind}/${name} --timeout=120s`);
  }

  async function assertBooksAgree(bought: ReadonlyMap<string, Purchase>, books: Books): Promise<void> {
    await eventually("every order has come to its end", () => isAtRest(books), { patienceMs: 180_000 });
    assert.deepEqual(await audit(books, bought), []);
  }
});

/** Orders that are placed side by side, again and again while a pod is replaced. */
const atOnce = 2;
/** Between them: a machine that is busy with orders alone replaces no pod. */
const breathMs = 400;
const patience = { timeoutMs: 120_000 };

/** Asks the parts' databases as a person would. */
function asking(machine: TestMachine, databaseOf: (part: string) => string): Books["ask"] {
  return async <Row>(part: string, statement: string) => {
    const asJson = `select coalesce(json_agg(each), '[]') from (${statement}) as each`;
    const command = ["psql", "-At", "-d", databaseOf(part), "-c", asJson];
    const { stdout } = await machine.kubectl("exec", "postgres-0", "--", ...command);
    return JSON.parse(stdout) as Row[];
  };
}
