/** A timer that has not fired; without a callback once it was cancelled. */
export interface WaitingTimer {
  readonly atMs: number;
  readonly sequence: number;
  callback: (() => void) | undefined;
}

/**
 * Timers by their time, those of one time in the order of their making. A cancelled one stays until its time comes, or until half of all
 * are of that kind: most timers are deadlines that nobody reaches.
 */
export class TimerHeap {
  #heap: WaitingTimer[] = [];
  #sequence = 0;
  #cancelled = 0;

  add(atMs: number, callback: () => void): WaitingTimer {
    const timer: WaitingTimer = { atMs, sequence: this.#sequence++, callback };
    this.#heap.push(timer);
    this.#rise(this.#heap.length - 1);
    return timer;
  }

  cancel(timer: WaitingTimer): void {
    if (!timer.callback) return;
    timer.callback = undefined;
    this.#cancelled += 1;
    if (this.#cancelled < 1024 || this.#cancelled * 2 < this.#heap.length) return;
    this.#heap = this.#heap.filter((one) => one.callback).sort(compare);
    this.#cancelled = 0;
  }

  /** The next timer that is due by `untilMs`; it may not be cancelled any more. */
  takeUntil(untilMs: number): WaitingTimer | undefined {
    for (let first = this.#heap[0]; first && first.atMs <= untilMs; first = this.#heap[0]) {
      this.#removeFirst();
      if (first.callback) return first;
      this.#cancelled -= 1;
    }
    return undefined;
  }

  #removeFirst(): void {
    const last = this.#heap.pop() as WaitingTimer;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink();
  }

  #rise(from: number): void {
    const heap = this.#heap;
    let at = from;
    const timer = heap[at] as WaitingTimer;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt] as WaitingTimer;
      if (compare(parent, timer) <= 0) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = timer;
  }

  #sink(): void {
    const heap = this.#heap;
    const timer = heap[0] as WaitingTimer;
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      if (childAt >= heap.length) break;
      const right = heap[childAt + 1];
      if (right && compare(right, heap[childAt] as WaitingTimer) < 0) childAt += 1;
      const child = heap[childAt] as WaitingTimer;
      if (compare(timer, child) <= 0) break;
      heap[at] = child;
      at = childAt;
    }
    heap[at] = timer;
  }
}

function compare(a: WaitingTimer, b: WaitingTimer): number {
  return a.atMs - b.atMs || a.sequence - b.sequence;
}
