import { spawn } from "node:child_process";
import { once } from "node:events";

export interface Watched {
  /** What the server writes; it goes with it. */
  readonly directory: string;
  /** Where in it the server's process id stands, in the first line. */
  readonly pidFile: string;
  /** What ends the server at once. */
  readonly signal: "QUIT" | "KILL";
}

/**
 * Waits, in a process of its own, until this one lets go of the pipe, by intention or by death; then the server is ended and nothing of its directory is
 * left.
 */
export function watchOver({ directory, pidFile, signal }: Watched): { end(): Promise<void> } {
  const script = `
    cat >/dev/null
    pid=$(head -n 1 "$1/$2" 2>/dev/null)
    if [ "$pid" ]; then
      kill "-$3" "$pid" 2>/dev/null
      tries=0
      while kill -0 "$pid" 2>/dev/null && [ $tries -lt 200 ]; do sleep 0.05; tries=$((tries + 1)); done
    fi
    rm -rf "$1"`;
  const child = spawn("sh", ["-c", script, "watch", directory, pidFile, signal], {
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
