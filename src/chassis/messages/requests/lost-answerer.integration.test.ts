import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Pool } from "pg";
import { lacksNats, lacksPostgres, realNats, realPostgres, startProgram } from "#testing";
import { database } from "../../database/database.ts";
import { migrate } from "../../database/migrate.ts";
import type { Broker } from "../broker.ts";
import { composer } from "../message.ts";
import { natsBroker } from "../nats/nats-broker.ts";
import { postgresBroker } from "../postgres/postgres-broker.ts";
import { messagesSchema } from "../postgres/schema.ts";

const program = join(import.meta.dirname, "../testing/stuck-answerer.ts");

test("at NATS a request in the hand of a process that is killed is answered by another", {
  skip: lacksNats() ?? false,
  timeout: 60_000,
}, async (context) => {
  const nats = await realNats();
  context.after(() => nats.stop());
  const broker = await natsBroker({ servers: nats.url });
  context.after(() => broker.close());
  await outlive(context, broker, ["nats", nats.url]);
});

test("at PostgreSQL a request in the hand of a process that is killed is answered by another", {
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
  await outlive(context, postgresBroker({ database: view }), ["postgres", url]);
});

async function outlive(context: TestContext, broker: Broker, where: readonly string[]): Promise<void> {
  const { lines, kill } = startProgram(context, program, where);
  const said = lines[Symbol.asyncIterator]();
  assert.equal((await said.next()).value, "ready");
  const message = composer({ source: "/test" })({ topic: "numbers", type: "double", data: 21 });
  const { signal } = new AbortController();
  const answered = broker.request({ message, timeoutMs: 50_000, signal });
  assert.equal((await said.next()).value, "taken");
  const answering = await broker.answer({
    topic: "numbers",
    type: "double",
    answer: async ({ message: { event } }) => ({ data: [event.id, 2 * (event.data as number)] }),
  });
  await kill();
  assert.deepEqual(await answered, { data: [message.event.id, 42] });
  await answering.close();
}
