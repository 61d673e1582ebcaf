import { Pool } from "pg";
import { database } from "../../database/database.ts";
import type { Broker } from "../broker.ts";
import { natsBroker } from "../nats/nats-broker.ts";
import { postgresBroker } from "../postgres/postgres-broker.ts";

/** A broker as the arguments of a test's process say it: `nats` or `postgres`, and where that is. */
export async function brokerAt([kind, url = ""]: readonly string[]): Promise<Broker> {
  return kind === "nats"
    ? natsBroker({ servers: url })
    : postgresBroker({ database: database(new Pool({ connectionString: url })) });
}
