import { type TestContext, test } from "node:test";
import { Pool } from "pg";
import { lacksNats, lacksPostgres, realNats, realPostgres } from "#testing";
import { database } from "../../database/database.ts";
import { migrate } from "../../database/migrate.ts";
import type { Broker } from "../broker.ts";
import { natsBroker } from "../nats/nats-broker.ts";
import { postgresBroker } from "../postgres/postgres-broker.ts";
import { messagesSchema } from "../postgres/schema.ts";

/** A test at each broker that other processes reach, too: with `where` as their arguments, `brokerAt` opens it there. */
export function atEachBroker(
  title: string,
  run: (context: TestContext, broker: Broker, where: readonly string[]) => Promise<void>,
): void {
  test(`at NATS ${title}`, { skip: lacksNats() ?? false, timeout: 60_000 }, async (context) => {
    const nats = await realNats();
    context.after(() => nats.stop());
    const broker = await natsBroker({ servers: nats.url });
    context.after(() => broker.close());
    await run(context, broker, ["nats", nats.url]);
  });

  test(`at PostgreSQL ${title}`, { skip: lacksPostgres() ?? false, timeout: 60_000 }, async (context) => {
    const postgres = await realPostgres();
    context.after(() => postgres.stop());
    const url = await postgres.createDatabase();
    const pool = new Pool({ connectionString: url });
    context.after(() => pool.end());
    const view = database(pool);
    await migrate(view, [messagesSchema]);
    await run(context, postgresBroker({ database: view }), ["postgres", url]);
  });
}
