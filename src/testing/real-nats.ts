import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { freePort } from "./free-port.ts";
import { watchOver } from "./watch-over.ts";

/** A nats-server of the distribution, in a temporary directory, on loopback and a port that it keeps. */
export interface RealNats {
  readonly url: string;
  /** Kills it at once (SIGKILL), as the kernel would when memory ran out. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, with what it had written or without. Resolves when it takes connections. */
  start(options?: { readonly disk?: "kept" | "empty" }): Promise<void>;
  /** Ends it and removes all it has written. */
  stop(): Promise<void>;
}

export interface RealNatsOptions {
  /** Further lines of its configuration. */
  readonly configuration?: string;
  /** Whether it keeps streams. Leaves of a mesh do not. */
  readonly jetstream?: boolean;
  readonly name?: string;
}

/** What is missing on this machine to start a nats-server, and how to get it; `undefined` when nothing is. */
export function lacksNats(): string | undefined {
  return natsProgram() ? undefined : "there is no nats-server here: apt-get install nats-server";
}

/**
 * Starts a server that keeps nothing from other runs. A process of its own watches over it: however this process ends,
 * the server ends, and its directory goes.
 */
export async function realNats({
  configuration = "",
  jetstream = true,
  name = "nats",
}: RealNatsOptions = {}): Promise<RealNats> {
  const directory = mkdtempSync(join(tmpdir(), "nacre-nats-"));
  const port = await freePort();
  const settings = [
    `listen: "127.0.0.1:${port}"`,
    `server_name: "${name}"`,
    `pid_file: "${join(directory, "pid")}"`,
    ...(jetstream ? [`jetstream { store_dir: "${directory}", max_mem: 64M, max_file: 1G }`] : []),
    configuration,
  ];
  writeFileSync(join(directory, "configuration"), settings.join("\n"));
  const watch = watchOver({ directory, pidFile: "pid", signal: "KILL" });
  const server = new Server(directory);
  try {
    await server.start();
  } catch (error) {
    await watch.end();
    throw error;
  }
  return {
    url: `nats://127.0.0.1:${port}`,
    kill: () => server.kill(),
    async start({ disk = "kept" } = {}) {
      if (disk === "empty") rmSync(join(directory, "jetstream"), { recursive: true, force: true });
      await server.start();
    },
    stop: () => watch.end(),
  };
}

class Server {
  readonly #directory: string;
  #process: ChildProcess | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async start(): Promise<void> {
    const path = natsProgram();
    if (!path) throw new Error(lacksNats());
    const child = spawn(path, ["-c", join(this.#directory, "configuration")], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#process = child;
    let said = "";
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => reject(new Error(`nats-server ended with ${code}: ${said}`)));
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        said = (said + text).slice(-16_384);
        if (said.includes("Server is ready")) resolve();
      });
    });
  }

  async kill(): Promise<void> {
    const child = this.#process;
    if (!child) return;
    this.#process = undefined;
    const ended = once(child, "close");
    child.kill("SIGKILL");
    await ended;
  }
}

/** Where the nats-server is that is here. */
export function natsProgram(): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"];
  return folders.map((folder) => join(folder, "nats-server")).find(existsSync);
}
