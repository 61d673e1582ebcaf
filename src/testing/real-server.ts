import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

/*
 * What servers of the distribution have in common that tests start: a port, last words, and somebody who ends them.
 */

/**
 * Waits until this process lets go of the pipe, by intention or by death; then the server whose process id stands in
 * `pidFile` ends, and nothing of the directory is left.
 */
export function watchOver(directory: string, pidFile: string): { end(): Promise<void> } {
  const script = `
    cat >/dev/null
    pid=$(head -n 1 "$2" 2>/dev/null)
    if [ "$pid" ]; then
      kill -QUIT "$pid" 2>/dev/null
      tries=0
      while kill -0 "$pid" 2>/dev/null && [ $tries -lt 200 ]; do sleep 0.05; tries=$((tries + 1)); done
    fi
    rm -rf "$1"`;
  const child = spawn("sh", ["-c", script, "watch", directory, pidFile], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  child.unref();
  return {
    async end() {
      if (child.exitCode !== null) return;
      child.ref();
      const ended = once(child, "exit");
      child.stdin?.end();
      await ended;
    },
  };
}

/** Resolves when a server has said `words` on its standard error; rejects when it ends before. */
export async function readyWhen(child: ChildProcess, words: string): Promise<void> {
  const said = collect(child);
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`${child.spawnfile} ended with ${code}: ${said.text}`)));
    child.stderr?.on("data", () => {
      if (said.text.includes(words)) resolve();
    });
  });
}

/** The last words a program says: enough to know that it is ready, or why it failed. */
export function collect(child: ChildProcess): { readonly text: string } {
  const said = { text: "" };
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said.text = (said.text + text).slice(-16_384);
  });
  return said;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
