import { type LogSink, whenAborted } from "#base";

/**
 * From a start to an end. What runs is told when all of the simulation ends; when it alone is killed, its signal aborts, too, once nothing of it
 * reaches anybody: Node keeps signals that somebody listens to, and with them all that the dead have held.
 */
export class Life {
  readonly #ended = new AbortController();
  readonly #release: () => void;

  constructor(all: AbortSignal) {
    const end = () => this.#ended.abort(all.reason);
    this.#release = whenAborted(all, end);
    if (all.aborted) end();
  }

  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Whether it was killed, or all of the simulation has ended. */
  get isOver(): boolean {
    return this.#ended.signal.aborted;
  }

  /** What it says as long as it lives. */
  heard(sink: LogSink): LogSink {
    return (...line) => {
      if (!this.isOver) sink(...line);
    };
  }

  /** To be called when clock and connections are gone. */
  end(): void {
    this.#release();
    this.#ended.abort();
  }
}
