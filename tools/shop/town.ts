import { Pool } from "pg";
import { type RealNats, type RealPostgres, realNats, realPostgres } from "#testing";
import { ShopProcess } from "./process.ts";
import type { StagedShop } from "./stage.ts";

/**
 * How the shop's parts are spread over processes. Each process has a database of its own; messages go through it where there is one process, and
 * through NATS where there are several.
 */
export const layouts = {
  monolith: [[]],
  services: [["orders"], ["inventory"], ["payment"], ["shipping"], ["notifications"], ["overview"], ["web"]],
} as const satisfies Readonly<Record<string, readonly (readonly string[])[]>>;

export type Layout = keyof typeof layouts;

const partNames = layouts.services.flat();

export type PartName = (typeof partNames)[number];

/** Whom the page asks. */
const asked: ReadonlySet<PartName> = new Set(["orders", "inventory", "payment", "overview"]);

export interface TownOptions {
  /** The shop's files. They are removed with the town. */
  readonly staged: StagedShop;
  readonly layout: Layout;
  /** A safeguard to leave out. */
  readonly without?: "outbox" | "inbox";
  /** PostgreSQL's own. */
  readonly postgres?: Readonly<Record<string, string>>;
  /** How long a process may take until it is ready; a minute, unless said otherwise. */
  readonly readyMs?: number;
}

/** A shop with all that it stands on, every piece of which can be killed. */
export class Town {
  readonly postgres: RealPostgres;
  readonly nats: RealNats | undefined;
  readonly processes: readonly ShopProcess[];
  readonly #staged: StagedShop;
  readonly #pools: ReadonlyMap<PartName, Pool>;

  private constructor(fields: {
    postgres: RealPostgres;
    nats: RealNats | undefined;
    processes: readonly ShopProcess[];
    staged: StagedShop;
    pools: ReadonlyMap<PartName, Pool>;
  }) {
    this.postgres = fields.postgres;
    this.nats = fields.nats;
    this.processes = fields.processes;
    this.#staged = fields.staged;
    this.#pools = fields.pools;
  }

  /** When something of it does not come to stand, nothing of it is left. */
  static async open({
    staged,
    layout,
    without,
    postgres: settings,
    readyMs = busyMachineMs,
  }: TownOptions): Promise<Town> {
    const postgres = await realPostgres({ max_connections: "200", ...settings });
    const nats = layout === "services" ? await realNats() : undefined;
    const pools = new Map<PartName, Pool>();
    const processes: ShopProcess[] = [];
    const addresses: string[] = [];
    for (const parts of layouts[layout]) {
      const databaseUrl = await postgres.createDatabase();
      const own = new Pool({ connectionString: databaseUrl, max: 2 });
      own.on("error", () => {});
      const environment = {
        DATABASE_URL: databaseUrl,
        ...(nats ? { NATS_URL: nats.url } : {}),
        ...(without ? { WITHOUT: without } : {}),
      };
      const each = await ShopProcess.create({
        directory: staged.directory,
        parts,
        environment,
        readyMs,
      });
      processes.push(each);
      const names: readonly PartName[] = parts.length === 0 ? partNames : parts;
      for (const name of names) {
        pools.set(name, own);
        if (asked.has(name)) addresses.push(`${name}=${each.url}`);
      }
    }
    const town = new Town({ postgres, nats, processes, staged, pools });
    // The page alone asks others; where everything is one process, that is known.
    if (processes.length > 1) town.processOf("web").tell({ OTHERS: addresses.join(",") });
    try {
      await Promise.all(processes.map((each) => each.start()));
    } catch (error) {
      await town.close();
      throw error;
    }
    return town;
  }

  /** How many values somebody has to write down to have it run so: each setting of each process, each address in a list. */
  get settings(): number {
    const values = this.processes.flatMap(({ environment }) => Object.values(environment));
    return values.reduce((count, value) => count + value.split(",").length, 0);
  }

  /** The process that runs a part. */
  processOf(part: PartName): ShopProcess {
    return this.processes.find(({ name }) => name === part) ?? (this.processes[0] as ShopProcess);
  }

  /** Where customers go. */
  get url(): string {
    return this.processOf("web").url;
  }

  /** What a part has in its database. */
  async ask<Row>(part: PartName, statement: string): Promise<readonly Row[]> {
    const { rows } = await (this.#pools.get(part) as Pool).query(statement);
    return rows as Row[];
  }

  /**
   * Has the broker in PostgreSQL deliver every fifth message twice, as brokers may at any time: on its own it does so only when something ends at the wrong
   * moment, and a test must not wait for that.
   */
  async deliverTwice(): Promise<void> {
    await this.ask(
      "orders",
      `create function chassis.again() returns trigger language plpgsql as $$ begin
         if pg_trigger_depth() = 1 and new.position % 5 = 0 then
           insert into chassis.deliveries (topic, subscriber, key, event)
           values (new.topic, new.subscriber, new.key, new.event);
         end if;
         return null;
       end $$;
       create trigger again after insert on chassis.deliveries for each row execute function chassis.again()`,
    );
  }

  async strikePostgres(): Promise<void> {
    await this.postgres.kill();
    await this.postgres.start();
  }

  async strikeNats(): Promise<void> {
    await this.nats?.kill();
    await this.nats?.start();
  }

  async close(): Promise<void> {
    await Promise.all(this.processes.map((each) => each.stop()));
    await Promise.all([...new Set(this.#pools.values())].map((pool) => pool.end()));
    await this.postgres.stop();
    await this.nats?.stop();
    await this.#staged.remove();
  }
}

/** A failure, not a pace. */
const busyMachineMs = 60_000;
