import { whenAborted } from "#base";

/** As `whenAborted`, for requests of which some have no signal. */
export function onceAborted(signal: AbortSignal | undefined, stop: () => void): () => void {
  return signal ? whenAborted(signal, stop) : () => {};
}
