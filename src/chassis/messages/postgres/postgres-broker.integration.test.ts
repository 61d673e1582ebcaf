import { after, before } from "node:test";
import { Pool } from "pg";
import { lacksPostgres, type RealPostgres, realPostgres } from "#testing";
import { database } from "../../database/database.ts";
import { migrate } from "../../database/migrate.ts";
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
