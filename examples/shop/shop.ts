import {
  type Machine,
  type Service,
  type ServiceContext,
  type Settings,
  service,
  setting,
} from "@nacre/chassis";
import { database, inboxSchema, migrate, notifyRelay, outboxSchema } from "@nacre/chassis/data";
import { type Broker, messagesSchema, natsBroker, postgresBroker } from "@nacre/chassis/messages";
import { Pool } from "pg";
import type { Part } from "./part.ts";
import { createWorld } from "./world.ts";

/**
 * Some of the shop's parts as one process: all of them as a monolith, each alone as services, or any grouping between. Parts that share a
 * process share its database; each has a schema of its own in it, and looks into no other.
 */
export function shop(parts: readonly Part[], machine: Partial<Machine> = {}): Service {
  const it = service({
    name: parts.length === 1 ? (parts[0]?.name ?? "shop") : "shop",
    version: "1.0.0",
    config: {
      databaseUrl: setting.secret({ description: "the PostgreSQL of the parts in this process" }),
      natsUrl: setting.optional(
        setting.url({
          protocols: ["nats", "tls"],
          description:
            "what carries messages between processes; without it the database does, within this one",
        }),
      ),
      others: setting.list({
        default: [],
        description: "where parts in other processes answer: orders=http://orders:8080,…",
      }),
      without: setting.oneOf(["nothing", "outbox", "inbox"], {
        default: "nothing",
        description: "a safeguard to leave out, to see what it is for",
      }),
    },
    routes: Object.assign({}, ...parts.map(({ routes }) => routes)),
    async handlers(context) {
      const { config, logger, signal, closeAtEnd, check } = context;
      const { databaseUrl, natsUrl, others, without } = config.current;
      const pool = new Pool({ connectionString: databaseUrl.reveal(), max: 10 });
      closeAtEnd(() => pool.end());
      check("database", "ready", async () => {
        await pool.query("select 1");
      });
      const view = database(pool);
      await migrate(view, [
        outboxSchema,
        inboxSchema,
        messagesSchema,
        ...parts.flatMap(({ schemas }) => schemas),
      ]);
      const broker: Broker = natsUrl
        ? await overNats(natsUrl, context)
        : postgresBroker({ database: view, log: logger });
      const relay = notifyRelay({ database: view, broker, log: logger }).run(signal);
      closeAtEnd(() => relay);
      const elsewhere = new Map(others.map(placeOf));
      const urlOf = (part: string) => elsewhere.get(part) ?? it.url;
      const world = createWorld({ database: view, broker, urlOf, context, without });
      return Object.assign({}, ...(await Promise.all(parts.map((part) => part.open(world)))));
    },
    machine,
  });
  return it;
}

/** `orders=http://orders:8080`. */
function placeOf(text: string): [part: string, url: string] {
  const [, part, url] = /^([a-z]+)=(https?:\/\/.+)$/.exec(text) ?? [];
  if (!part || !url)
    throw new Error(`OTHERS has "${text}", must be a part and its address: orders=http://orders:8080`);
  return [part, url];
}

async function overNats(url: string, { logger, closeAtEnd }: ServiceContext<Settings>): Promise<Broker> {
  const broker = await natsBroker({ servers: url, log: logger });
  closeAtEnd(() => broker.close());
  return broker;
}
