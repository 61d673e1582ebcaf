import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Pool } from "pg";
import { systemClock } from "#base";
import { lacksPostgres, type RealPostgres, realPostgres } from "#testing";
import { database } from "../../database/database.ts";
import { migrate } from "../../database/migrate.ts";
import { composer } from "../message.ts";
import { brokerContract } from "../testing/broker-contract.ts";
import { remembering } from "../testing/remembering.ts";
import { postgresBroker } from "./postgres-broker.ts";
import { messagesSchema } from "./schema.ts";

let postgres: RealPostgres;
before(async () => {
  if (!lacksPostgres()) postgres = await realPostgres();
});
after(() => postgres?.stop());

brokerContract(
  "the broker on PostgreSQL",
  async () => {
    const pool = new Pool({ connectionString: await postgres.createDatabase() });
    const view = database(pool);
    await migrate(view, [messagesSchema]);
    const { broker, closeAll } = remembering(postgresBroker({ database: view }));
    return {
      broker,
      cut: () => postgres.terminateBackends(),
      async close() {
        await closeAll();
        await pool.end();
      },
    };
  },
  { skip: lacksPostgres() },
);

test("whether the moment of a message has come the database says, not a machine that is hours ahead", {
  skip: lacksPostgres(),
}, async (t) => {
  const pool = new Pool({ connectionString: await postgres.createDatabase() });
  t.after(() => pool.end());
  const view = database(pool);
  await migrate(view, [messagesSchema]);
  const notBefore = new Date(systemClock.now() + 3_600_000);
  const message = composer({ source: "/test" })({ topic: "orders", type: "counted", data: 1, notBefore });
  t.mock.method(Date, "now", () => notBefore.getTime() + 3_600_000);
  const nonsense = { ...message, event: { ...message.event, notbefore: "soon" } };
  await postgresBroker({ database: view }).publish([message, nonsense]);
  const { rows } = await view.query("select due_at from chassis.delayed");
  assert.deepEqual(rows, [{ due_at: notBefore }]);
});
