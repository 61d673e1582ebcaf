import type { Clock } from "#base";
import type { ExecSession } from "#runtime";
import { limits } from "../limits.ts";

/**
 * Ends a command that nobody wants any more. One that is just beginning cannot be killed yet, and would then never be: it is tried
 * again until the command has ended.
 */
export function endSession(session: ExecSession, clock: Clock): void {
  let ended = false;
  const done = () => {
    ended = true;
  };
  session.exited.then(done, done);
  const kill = (pauseMs: number) => {
    if (ended || pauseMs > limits.killPauseMaximumMs) return;
    session.kill();
    clock.setTimer(pauseMs, () => kill(pauseMs * 2), { unref: true });
  };
  kill(limits.killPauseMs);
}
