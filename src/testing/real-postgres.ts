import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { freePort } from "./free-port.ts";
import { watchOver } from "./watch-over.ts";

/** A PostgreSQL of the distribution, in a temporary directory, on loopback and an ephemeral port. */
export interface RealPostgres {
  /** Makes an empty database. Its connection string. */
  createDatabase(): Promise<string>;
  /** Ends every connection to every database, as an operator would. */
  terminateBackends(): Promise<void>;
  /** Kills the server and all its processes at once (SIGKILL), as the kernel would when memory ran out. */
  kill(): Promise<void>;
  /** Starts it again after `kill`. Resolves when it answers. */
  start(): Promise<void>;
  /** Resolves when it answers: at once while it runs. For clients that have seen it go. */
  ready(): Promise<void>;
  /** Ends it and removes all it has written. */
  stop(): Promise<void>;
}

/** What is missing on this machine to start a PostgreSQL, and how to get it; `undefined` when nothing is. */
export function lacksPostgres(): string | undefined {
  return postgresPrograms() ? undefined : "there is no PostgreSQL here: apt-get install postgresql";
}

/**
 * Starts a server that keeps nothing from other runs. A process of its own watches over it: however this process ends,
 * the server ends, and its directory goes.
 */
export async function realPostgres(settings: Readonly<Record<string, string>> = {}): Promise<RealPostgres> {
  const directory = mkdtempSync(join(tmpdir(), "nacre-postgres-"));
  const owner = serverUser();
  if (owner) chownSync(directory, owner.uid, owner.gid);
  chmodSync(directory, 0o700);
  const watch = watchOver({ directory, pidFile: "files/postmaster.pid", signal: "QUIT" });
  const server = new Server(directory, settings, owner);
  try {
    await server.create();
    await server.start();
  } catch (error) {
    await watch.end();
    throw error;
  }
  let databases = 0;
  return {
    async createDatabase() {
      databases += 1;
      await server.ask(`create database test_${databases}`);
      return server.url(`test_${databases}`);
    },
    async terminateBackends() {
      await server.ask(
        "select pg_terminate_backend(pid) from pg_stat_activity where backend_type in ('client backend', 'walsender') and pid <> pg_backend_pid()",
      );
    },
    kill: () => server.kill(),
    start: () => server.start(),
    ready: () => server.ready,
    stop: () => watch.end(),
  };
}

class Server {
  readonly #directory: string;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #owner: Owner | undefined;
  #port = 0;
  #ready = Promise.withResolvers<void>();
  #process: ChildProcess | undefined;

  constructor(directory: string, settings: Readonly<Record<string, string>>, owner: Owner | undefined) {
    this.#directory = directory;
    this.#settings = settings;
    this.#owner = owner;
  }

  url(database: string): string {
    return `postgresql://postgres@127.0.0.1:${this.#port}/${database}`;
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  async create(): Promise<void> {
    this.#port = await freePort();
    const files = join(this.#directory, "files");
    const child = spawn(
      this.#program("initdb"),
      ["-D", files, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
      { ...this.#owner, cwd: this.#directory, stdio: ["ignore", "ignore", "pipe"] },
    );
    const said = collect(child);
    const [code] = await once(child, "close");
    if (code !== 0) throw new Error(`initdb of ${files} failed: ${said.text}`);
  }

  async start(): Promise<void> {
    const settings = {
      listen_addresses: "127.0.0.1",
      port: String(this.#port),
      unix_socket_directories: this.#directory,
      wal_level: "logical",
      max_connections: "60",
      // What a killed server had written is the kernel's, and stays. Only a power failure would tell the difference.
      fsync: "off",
      ...this.#settings,
    };
    const child = spawn(
      this.#program("postgres"),
      [
        "-D",
        join(this.#directory, "files"),
        ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
      ],
      { ...this.#owner, cwd: this.#directory, stdio: ["ignore", "ignore", "pipe"] },
    );
    this.#process = child;
    const said = collect(child);
    await new Promise<void>((resolve, reject) => {
      child.once("close", (code) => reject(new Error(`postgres ended with ${code}: ${said.text}`)));
      child.stderr?.on("data", () => {
        if (said.text.includes("ready to accept connections")) resolve();
      });
    });
    this.#ready.resolve();
  }

  async kill(): Promise<void> {
    const child = this.#process;
    if (!child?.pid) return;
    this.#ready = Promise.withResolvers();
    const ended = once(child, "close");
    // With its children: they would notice that it is gone, and have time for a last word.
    const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim();
    for (const pid of [child.pid, ...children.split(" ").filter(Boolean).map(Number)]) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It had ended by itself.
      }
    }
    await ended;
    this.#process = undefined;
  }

  async ask(statement: string): Promise<void> {
    const client = new Client({ connectionString: this.url("postgres") });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  }

  #program(name: string): string {
    const folder = postgresPrograms();
    if (!folder) throw new Error(lacksPostgres());
    return join(folder, name);
  }
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root. */
function serverUser(): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

/** Where the newest version that is here keeps its programs; clients alone, which may be newer, are no version. */
export function postgresPrograms(): string | undefined {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(root, version, "bin")).find((bin) => existsSync(join(bin, "initdb")));
}

/** The last words a program says: enough to know that it is ready, or why it failed. */
function collect(child: ChildProcess): { readonly text: string } {
  const said = { text: "" };
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said.text = (said.text + text).slice(-16_384);
  });
  return said;
}
