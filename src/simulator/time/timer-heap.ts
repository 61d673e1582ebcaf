import type { Timer } from "#base";

/** A timer that has not fired. One object each: a renewal of a lease makes half a dozen. */
export class WaitingTimer implements Timer {
  readonly atMs: number;
  readonly sequence: number;
  readonly callback: () => void;
  /** Where it is in the heap; -1 once it has left it. */
  place: number;
  readonly #heap: TimerHeap;

  constructor(heap: TimerHeap, due: Pick<WaitingTimer, "atMs" | "sequence" | "callback" | "place">) {
    this.#heap = heap;
    this.atMs = due.atMs;
    this.sequence = due.sequence;
    this.callback = due.callback;
    this.place = due.place;
  }

  cancel(): void {
    this.#heap.cancel(this);
  }
}

/**
 * Timers by their time, those of one time in the order of their making. A cancelled one leaves at once: most timers are deadlines that nobody
 * reaches, far away, and so near the end of the heap.
 */
export class TimerHeap {
  readonly #heap: WaitingTimer[] = [];
  #sequence = 0;

  add(atMs: number, callback: () => void): WaitingTimer {
    const timer = new WaitingTimer(this, {
      atMs,
      sequence: this.#sequence++,
      callback,
      place: this.#heap.length,
    });
    this.#heap.push(timer);
    this.#rise(timer);
    return timer;
  }

  cancel(timer: WaitingTimer): void {
    if (timer.place >= 0) this.#remove(timer);
  }

  /** The next timer that is due by `untilMs`. */
  takeUntil(untilMs: number): WaitingTimer | undefined {
    const first = this.#heap[0];
    if (!first || first.atMs > untilMs) return undefined;
    this.#remove(first);
    return first;
  }

  #remove(timer: WaitingTimer): void {
    const last = this.#heap.pop() as WaitingTimer;
    const { place } = timer;
    timer.place = -1;
    if (last === timer) return;
    this.#put(last, place);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(timer: WaitingTimer): void {
    const heap = this.#heap;
    let at = timer.place;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt] as WaitingTimer;
      if (!isBefore(timer, parent)) break;
      this.#put(parent, at);
      at = parentAt;
    }
    this.#put(timer, at);
  }

  #sink(timer: WaitingTimer): void {
    const heap = this.#heap;
    let at = timer.place;
    for (;;) {
      let childAt = 2 * at + 1;
      let child = heap[childAt];
      if (!child) break;
      const right = heap[childAt + 1];
      if (right && isBefore(right, child)) {
        child = right;
        childAt += 1;
      }
      if (!isBefore(child, timer)) break;
      this.#put(child, at);
      at = childAt;
    }
    this.#put(timer, at);
  }

  #put(timer: WaitingTimer, place: number): void {
    this.#heap[place] = timer;
    timer.place = place;
  }
}

function isBefore(a: WaitingTimer, b: WaitingTimer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
}
