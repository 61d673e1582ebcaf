/**
 * Has `stop` called when the signal aborts. Returns how to take that back. A program's signal outlives thousands of requests: each with a
 * listener of its own would be searched for among all others when it is taken off.
 */
export function whenAborted(signal: AbortSignal, stop: () => void): () => void {
  const stops = stopsOf.get(signal) ?? listen(signal);
  // A function of its own, so that whoever gives the same twice takes back one.
  const own = () => stop();
  stops.add(own);
  return () => stops.delete(own);
}

const stopsOf = new WeakMap<AbortSignal, Set<() => void>>();

function listen(signal: AbortSignal): Set<() => void> {
  const stops = new Set<() => void>();
  stopsOf.set(signal, stops);
  signal.addEventListener(
    "abort",
    () => {
      for (const stop of [...stops]) stop();
    },
    { once: true },
  );
  return stops;
}
