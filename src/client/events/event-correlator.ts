import type { KubernetesObject } from "#api";
import type { Clock } from "#base";
import {
  eventAggregateAfter,
  eventAggregateWindowMs,
  eventBurst,
  eventMemory,
  eventRefillMs,
} from "../limits.ts";
import type { EventNote } from "./event-recorder.ts";

/** What becomes of a note. */
export interface Correlated {
  /** The event that already says so; undefined when a new one must be written. */
  readonly name: string | undefined;
  readonly count: number;
  readonly message: string;
  /** To be called with the name of the event that was written. */
  remember(name: string): void;
}

/**
 * Decides what becomes of a note, by Kubernetes' rules: notes alike but for their message, more than ten in ten
 * minutes, are combined; equal notes raise a count; one object may cause 25 at once and one every five minutes from then on.
 */
export class EventCorrelator {
  readonly #clock: Clock;
  readonly #written = new Recent<{ name: string; count: number }>(eventMemory);
  readonly #alike = new Recent<{ messages: Set<string>; lastMs: number }>(eventMemory);
  readonly #budgets = new Recent<{ tokens: number; atMs: number }>(eventMemory);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Undefined when the note shall not be told. */
  correlate(about: KubernetesObject, note: EventNote): Correlated | undefined {
    const subject = [about.metadata?.uid ?? about.metadata?.name, about.kind, note.fieldPath].join("|");
    if (!this.#afford(subject)) return undefined;
    const group = [subject, note.type, note.reason].join("|");
    const isCombined = this.#combine(group, note.message);
    const message = isCombined ? `(combined from similar events): ${note.message}` : note.message;
    const id = isCombined ? group : `${group}|${note.message}`;
    const known = this.#written.get(id);
    if (known) known.count += 1;
    return {
      name: known?.name,
      count: known?.count ?? 1,
      message,
      remember: (name) => this.#written.set(id, { name, count: known?.count ?? 1 }),
    };
  }

  #afford(subject: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    const budget = this.#budgets.get(subject) ?? { tokens: eventBurst, atMs: nowMs };
    budget.tokens = Math.min(eventBurst, budget.tokens + (nowMs - budget.atMs) / eventRefillMs);
    budget.atMs = nowMs;
    this.#budgets.set(subject, budget);
    if (budget.tokens < 1) return false;
    budget.tokens -= 1;
    return true;
  }

  #combine(group: string, message: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#alike.get(group);
    const alike =
      known && nowMs - known.lastMs <= eventAggregateWindowMs
        ? known
        : { messages: new Set<string>(), lastMs: nowMs };
    alike.lastMs = nowMs;
    if (alike.messages.size < eventAggregateAfter) alike.messages.add(message);
    this.#alike.set(group, alike);
    return alike.messages.size >= eventAggregateAfter && !alike.messages.has(message);
  }
}

/** Remembers as much as its limit; what was used longest ago goes first. */
class Recent<T> {
  readonly #limit: number;
  readonly #entries = new Map<string, T>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): T | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: string, value: T): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
