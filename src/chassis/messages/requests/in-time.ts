import type { Clock } from "#base";
import { derivedSignal } from "../../calls/derived-signal.ts";
import { problem } from "../../http/problem.ts";
import { limits } from "../limits.ts";
import type { Reply, Request } from "./requests.ts";

/** Asks for as long as the answer is to be waited for, whether or not the caller's own signal says when that is over. */
export async function inTime(
  { message, timeoutMs, signal: leaving }: Request,
  clock: Clock,
  ask: (request: Request) => Promise<Reply>,
): Promise<Reply> {
  leaving.throwIfAborted();
  const waitMs = timeoutMs > 0 ? Math.min(timeoutMs, limits.longestWaitMs) : 0;
  const { signal, abort, release } = derivedSignal(leaving);
  const late = () => {
    const { topic, event } = message;
    abort(problem(504, `${event.type} of topic ${topic} was not answered within ${Math.ceil(waitMs)} ms`));
  };
  const timer = clock.setTimer(waitMs, late);
  try {
    return await ask({ message, timeoutMs: waitMs, signal });
  } finally {
    timer.cancel();
    release();
  }
}
