import { Pool } from "pg";
import { database } from "../../database/database.ts";
import { natsBroker } from "../nats/nats-broker.ts";
import { postgresBroker } from "../postgres/postgres-broker.ts";

/*
 * A process of its own that takes a request, says so, and never answers: to be killed. Its arguments: `nats` or
 * `postgres`, and where that is.
 */
const [kind, url = ""] = process.argv.slice(2);
const broker =
  kind === "nats"
    ? await natsBroker({ servers: url })
    : postgresBroker({ database: database(new Pool({ connectionString: url })) });
await broker.answer({
  topic: "numbers",
  type: "double",
  answer() {
    process.stdout.write("taken\n");
    return new Promise(() => {});
  },
});
process.stdout.write("ready\n");
