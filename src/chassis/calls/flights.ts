import { current, runAs } from "../telemetry/mod.ts";
import { orAborted } from "./timeout.ts";

/**
 * Work that equal callers share: of those who come with one key while it is under way, the first has it begun and all get what it comes to, be that a
 * result or a failure. Nobody's leaving ends it for the others; when all have gone it is told to stop.
 */
export class Flights<T> {
  readonly #byKey = new Map<string, Flight<T>>();

  /** What is resolved to is shared as well: nobody changes it. */
  async join(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const flight = this.#byKey.get(key) ?? this.#begin(key, work);
    flight.aboard += 1;
    try {
      return await orAborted(flight.result, signal);
    } finally {
      flight.aboard -= 1;
      if (flight.aboard === 0 && this.#byKey.get(key) === flight) this.#end(key, flight);
    }
  }

  /** Whether work with this key is under way. */
  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  #begin(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const nobodyLeft = new AbortController();
    const flight = { aboard: 0, nobodyLeft, result: inNobodysName(nobodyLeft.signal, work) };
    this.#byKey.set(key, flight);
    // Who comes once it is over has it done anew.
    const over = () => this.#forget(key, flight);
    flight.result.then(over, over);
    return flight;
  }

  #end(key: string, flight: Flight<T>): void {
    this.#byKey.delete(key);
    flight.nobodyLeft.abort(new DOMException("nobody waits for it any more", "AbortError"));
  }

  #forget(key: string, flight: Flight<T>): void {
    if (this.#byKey.get(key) === flight) this.#byKey.delete(key);
  }
}

interface Flight<T> {
  /** How many wait for it. */
  aboard: number;
  readonly nobodyLeft: AbortController;
  readonly result: Promise<T>;
}

/** Within the trace of who began it, but not by their deadline, nor until they leave. */
async function inNobodysName<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const around = current();
  if (!around) return work(signal);
  const { span, priority } = around;
  return runAs({ span, signal, ...(priority ? { priority } : {}) }, () => work(signal));
}
