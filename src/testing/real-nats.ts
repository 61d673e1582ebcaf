import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, readyWhen, watchOver } from "./real-server.ts";

/** A `nats-server` of the distribution, in a temporary directory, on loopback and an ephemeral port. */
export interface RealNats {
  readonly url: string;
  /** Kills it at once (SIGKILL), as the kernel would when memory ran out. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, with what it had stored. Resolves when it answers. */
  start(): Promise<void>;
  /** Ends it and removes all it has written. */
  stop(): Promise<void>;
}

/** What is missing on this machine to start a NATS server, and how to get it; `undefined` when nothing is. */
export function lacksNats(): string | undefined {
  return program() ? undefined : "there is no NATS server here: apt-get install nats-server";
}

/**
 * Starts a server that keeps nothing from other runs. A process of its own watches over it: however this process ends,
 * the server ends, and its directory goes. `settings`: more of its configuration file; `{port}` stands for a free port.
 */
export async function realNats(settings = ""): Promise<RealNats> {
  const directory = mkdtempSync(join(tmpdir(), "nacre-nats-"));
  const port = await freePort();
  let filled = settings;
  while (filled.includes("{port}")) filled = filled.replace("{port}", String(await freePort()));
  const file = join(directory, "nats.conf");
  writeFileSync(
    file,
    `listen: "127.0.0.1:${port}"
server_name: "test-${port}"
pid_file: "${directory}/pid"
jetstream { store_dir: "${directory}/files", max_memory_store: 64MB, max_file_store: 4GB }
${filled}
`,
  );
  const watch = watchOver(directory, join(directory, "pid"));
  let child: ChildProcess | undefined;
  const nats: RealNats = {
    url: `nats://127.0.0.1:${port}`,
    async kill() {
      if (!child) return;
      const ended = once(child, "close");
      child.kill("SIGKILL");
      await ended;
      child = undefined;
    },
    async start() {
      child = await startServer(file);
    },
    stop: () => watch.end(),
  };
  try {
    await nats.start();
  } catch (error) {
    await watch.end();
    throw error;
  }
  return nats;
}

async function startServer(file: string): Promise<ChildProcess> {
  const server = program();
  if (!server) throw new Error(lacksNats());
  const child = spawn(server, ["-c", file], { stdio: ["ignore", "ignore", "pipe"] });
  await readyWhen(child, "Server is ready");
  return child;
}

function program(): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/usr/local/bin"];
  return folders.map((folder) => join(folder, "nats-server")).find((path) => existsSync(path));
}
