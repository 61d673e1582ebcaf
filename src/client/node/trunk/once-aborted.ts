import { whenAborted } from "../../when-aborted.ts";

/** As `whenAborted`, for requests of which some have no signal. */
export function onceAborted(signal: AbortSignal | undefined, stop: () => void): () => void {
  return signal ? whenAborted(signal, stop) : () => {};
}
