import { after, before } from "node:test";
import { Pool } from "pg";
import { lacksPostgres, type RealPostgres, realPostgres } from "#testing";
import { database } from "../../database/database.ts";
import { migrate } from "../../database/migrate.ts";
import type { Broker, Subscription } from "../broker.ts";
import { brokerContract } from "../testing/broker-contract.ts";
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
    const opened = new Set<Subscription>();
    const inner = postgresBroker({ database: view });
    const broker: Broker = {
      ...inner,
      async subscribe(options) {
        const subscription = await inner.subscribe(options);
        opened.add(subscription);
        return subscription;
      },
    };
    return {
      broker,
      cut: () => postgres.terminateBackends(),
      async close() {
        await Promise.all([...opened].map((subscription) => subscription.close()));
        await pool.end();
      },
    };
  },
  { skip: lacksPostgres() },
);
