import type { Readable } from "node:stream";
import type { ExecSession } from "#runtime";

/** Ends a command that nobody wants any more, and listens to it no longer. */
export function endSession(session: ExecSession): void {
  session.kill();
  for (const stream of [session.stdout, session.stderr]) (stream as Readable | undefined)?.destroy();
}
