import { assert, type Clock, sleepOn, systemClock, type Timer } from "#base";
import { limits } from "../limits.ts";
import { TimerHeap, type WaitingTimer } from "./timer-heap.ts";

/**
 * Time that passes only when nothing is left to do: timers fire in the order of their time (then of their making), each after
 * everything that the one before set in motion has come to rest. So the order of all that happens depends on nothing but the program.
 */
export class VirtualClock implements Clock {
  readonly #startMs: number;
  readonly #timers = new TimerHeap();
  #elapsedMs = 0;
  /** How many timers have fired since the present millisecond began. */
  #firedInMs = 0;
  #isRunning = false;
  #isStopped = false;

  /** Starts at `startMs` since the epoch. */
  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  /** Whole milliseconds, as the system's clock has them. */
  now(): number {
    return this.#startMs + Math.floor(this.#elapsedMs);
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    return this.#timers.add(this.#elapsedMs + wholeTicks(Math.max(0, delayMs)), callback);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /**
   * Lets `durationMs` pass. Resolves when everything that fell due, and what it set in motion, has run; at once when `stop` was
   * called. Rejects with what a timer throws.
   */
  run(durationMs: number): Promise<void> {
    assert(!this.#isRunning, "a virtual clock is turned by one hand");
    this.#isRunning = true;
    this.#isStopped = false;
    const untilMs = this.#elapsedMs + wholeTicks(durationMs);
    return new Promise<void>((resolve, reject) => {
      let isOver = false;
      const step = () => {
        if (isOver) return;
        try {
          const next = this.#isStopped ? undefined : this.#timers.takeUntil(untilMs);
          if (next) return this.#fire(next);
          isOver = true;
          if (!this.#isStopped) this.#elapsedMs = untilMs;
          resolve();
        } catch (error) {
          isOver = true;
          reject(error);
        }
      };
      turnUntil(step, () => isOver);
    }).finally(() => {
      this.#isRunning = false;
    });
  }

  /** Ends the present `run` before its next timer. */
  stop(): void {
    this.#isStopped = true;
  }

  #fire(timer: WaitingTimer): void {
    if (Math.floor(timer.atMs) > Math.floor(this.#elapsedMs)) this.#firedInMs = 0;
    this.#firedInMs += 1;
    if (this.#firedInMs > limits.timersPerMs) {
      throw new Error(
        `time does not pass: ${limits.timersPerMs} timers fired within the millisecond ${Math.floor(timer.atMs)} of the run`,
      );
    }
    this.#elapsedMs = timer.atMs;
    timer.callback();
  }
}

/**
 * Time goes by in ticks of about a microsecond, and never by less than was asked for. They are binary fractions, so sums and differences of times are exact:
 * whoever waits for what is left of a delay would otherwise be left with less than the clock can add, for ever.
 */
function wholeTicks(delayMs: number): number {
  return Math.ceil(delayMs * ticksPerMs) / ticksPerMs;
}

const ticksPerMs = 1024;

/**
 * Takes steps, in between which every promise that can settle does: between two immediates Node empties its queue of microtasks. Many in one
 * turn of the event loop, because a turn asks the kernel for news of files and sockets that nobody here has; not for long, because a signal is such news.
 * Where a turn ends changes nothing of what happens, and in which order.
 */
function turnUntil(step: () => void, isOver: () => boolean): void {
  let untilMs: number | undefined;
  const again = () => {
    if (isOver()) return;
    untilMs = undefined;
    for (let taken = 0; taken < stepsPerTurn; taken += 1) setImmediate(stepInTime);
    setImmediate(again);
  };
  const stepInTime = () => {
    const nowMs = systemClock.monotonicMs();
    // From the first step on: each turn takes one at least, however late it comes.
    untilMs ??= nowMs + longestTurnMs;
    if (nowMs < untilMs) step();
  };
  setImmediate(again);
}

const stepsPerTurn = 256;
const longestTurnMs = 50;
