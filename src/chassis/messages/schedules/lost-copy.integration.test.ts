import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Pool } from "pg";
import { systemClock } from "#base";
import { lacksNats, lacksPostgres, realNats, realPostgres, startProgram } from "#testing";
import { database } from "../../database/database.ts";
import { migrate } from "../../database/migrate.ts";
import type { Broker } from "../broker.ts";
import { composer } from "../message.ts";
import { natsBroker } from "../nats/nats-broker.ts";
import { postgresBroker } from "../postgres/postgres-broker.ts";
import { messagesSchema } from "../postgres/schema.ts";
import { reader } from "../testing/reader.ts";

test("at NATS each tick is said once, whichever copy is killed while it says it", {
  skip: lacksNats() ?? false,
  timeout: 60_000,
}, async (context) => {
  const nats = await realNats();
  context.after(() => nats.stop());
  const broker = await natsBroker({ servers: nats.url });
  context.after(() => broker.close());
  await killCopies(context, broker, ["nats", nats.url]);
});

test("at PostgreSQL each tick is said once, whichever copy is killed while it says it", {
  skip: lacksPostgres() ?? false,
  timeout: 60_000,
}, async (context) => {
  const postgres = await realPostgres();
  context.after(() => postgres.stop());
  const url = await postgres.createDatabase();
  const pool = new Pool({ connectionString: url });
  context.after(() => pool.end());
  const view = database(pool);
  await migrate(view, [messagesSchema]);
  await killCopies(context, postgresBroker({ database: view }), ["postgres", url]);
});

/** A tick takes five questions at most; each of them is some copy's last. */
async function killCopies(context: TestContext, broker: Broker, where: readonly string[]): Promise<void> {
  const audit = await reader(broker, { subscriber: "audit" });
  context.after(() => audit.close());
  const begin = systemClock.now();
  await broker.marks.move({ mark: "schedule quick", from: undefined, to: String(begin), messages: [] });
  const program = join(import.meta.dirname, "../testing/schedule-copy.ts");
  const copy = (lastQuestion: number) => startProgram(context, program, [...where, String(lastQuestion)]);
  for (const [one, other] of [
    [1, 2],
    [3, 4],
  ] as const)
    assert.deepEqual(await Promise.all([copy(one).ended, copy(other).ended]), ["SIGKILL", "SIGKILL"]);
  const survivor = copy(0);
  assert.equal(await copy(5).ended, "SIGKILL");

  await audit.got(audit.arrivals.length + 3);
  await survivor.kill();
  await broker.publish([
    composer({ source: "/test" })({ topic: "orders", type: "counted", key: "quick", data: "end" }),
  ]);
  while (audit.numbers("quick").at(-1) !== "end") await audit.next();
  const ticks = audit.numbers("quick").slice(0, -1) as number[];
  const first = Math.floor(begin / 200) * 200 + 200;
  assert.deepEqual(
    ticks,
    Array.from({ length: ticks.length }, (_, at) => first + at * 200),
  );
}
