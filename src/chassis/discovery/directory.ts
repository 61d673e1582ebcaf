import { type Clock, type Random, systemClock, systemRandom, type Timer } from "#base";
import { problem } from "../http/problem.ts";
import type { Instance } from "./instance.ts";
import { limits } from "./limits.ts";

/** An instance as it is registered: by itself, or by somebody who knows of it. */
export interface Registration extends Instance {
  /** Asked by the registry; anything but 200 to 299 is a failure. Absent: `/readyz`. */
  readonly healthPath?: string;
}

/** Sees whether an instance is well: resolves when it is, rejects when it is not. */
export type HealthCheck = (url: string, signal: AbortSignal) => Promise<void>;

export interface DirectoryOptions {
  readonly check?: HealthCheck;
  readonly leaseMs?: number;
  readonly checkMs?: number;
  readonly checkTimeoutMs?: number;
  readonly failedChecks?: number;
  /** How many are kept, of all services together. */
  readonly instances?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** What is known of a service at one moment. */
export interface Listing {
  readonly instances: readonly Instance[];
  /** Differs after each change, and after each start of the registry. */
  readonly version: string;
}

interface Entry {
  readonly registration: Registration;
  lease: Timer;
  nextCheck: Timer | undefined;
  readonly ending: AbortController;
  failures: number;
  fit: boolean;
}

/**
 * The memory of a registry of our own: leases that have to be renewed, and health that it sees for itself. An instance is told of from its first good check until
 * several in a row failed, its lease has ended, or it was taken out.
 */
export class Directory {
  readonly #entries = new Map<string, Map<string, Entry>>();
  #count = 0;
  /** Of services that somebody is registered for, the number of their last change; all are counted together, so that none comes twice. */
  readonly #changes = new Map<string, number>();
  #lastChange = 0;
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #epoch: string;
  readonly #options: Required<Omit<DirectoryOptions, "random">>;

  constructor({ random = systemRandom, ...options }: DirectoryOptions = {}) {
    this.#epoch = random.uint32().toString(36);
    this.#options = { ...defaults, ...options };
  }

  /** Registers an instance, or renews it. Throws when there are as many as a registry keeps. */
  put(service: string, registration: Registration): void {
    const known = this.#entries.get(service)?.get(registration.id);
    if (known && same(known.registration, registration)) {
      known.lease.cancel();
      known.lease = this.#lease(service, registration.id);
      return;
    }
    if (known) this.remove(service, registration.id);
    if (this.#count >= this.#options.instances)
      throw problem(503, `this registry keeps ${this.#options.instances} instances, and there are as many`);
    const entry: Entry = {
      registration,
      lease: this.#lease(service, registration.id),
      nextCheck: undefined,
      ending: new AbortController(),
      failures: 0,
      fit: false,
    };
    const entries = this.#entries.get(service) ?? new Map<string, Entry>();
    this.#entries.set(service, entries.set(registration.id, entry));
    this.#count += 1;
    void this.#check(service, entry);
  }

  remove(service: string, id: string): void {
    const entries = this.#entries.get(service);
    const entry = entries?.get(id);
    if (!entries || !entry) return;
    entry.lease.cancel();
    entry.nextCheck?.cancel();
    entry.ending.abort();
    entries.delete(id);
    this.#count -= 1;
    if (entry.fit) this.#changed(service);
    if (entries.size > 0) return;
    this.#entries.delete(service);
    this.#changes.delete(service);
  }

  list(service: string): Listing {
    const entries = [...(this.#entries.get(service)?.values() ?? [])].filter(({ fit }) => fit);
    return {
      instances: entries.map(({ registration: { healthPath: _, ...instance } }) => instance),
      version: `${this.#epoch}-${this.#changes.get(service) ?? 0}`,
    };
  }

  /** What is known once it is no longer what `version` was, or when nobody waits any more. */
  async listAfter(service: string, version: string | undefined, signal: AbortSignal): Promise<Listing> {
    if (version !== this.list(service).version || signal.aborted) return this.list(service);
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.#waiting.get(service) ?? new Set();
    this.#waiting.set(service, waiting.add(resolve));
    signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    waiting.delete(resolve);
    if (waiting.size === 0 && this.#waiting.get(service) === waiting) this.#waiting.delete(service);
    return this.list(service);
  }

  /** Forgets everybody; nothing is checked any more. */
  close(): void {
    for (const [service, entries] of this.#entries)
      for (const id of [...entries.keys()]) this.remove(service, id);
  }

  #lease(service: string, id: string): Timer {
    return this.#options.clock.setTimer(this.#options.leaseMs, () => this.remove(service, id));
  }

  async #check(service: string, entry: Entry): Promise<void> {
    const { check, clock, checkMs, failedChecks } = this.#options;
    const { url, healthPath = "/readyz" } = entry.registration;
    const well = await this.#inTime(entry, (signal) =>
      check(`${url.replace(/\/$/, "")}${healthPath}`, signal),
    );
    if (entry.ending.signal.aborted) return;
    entry.failures = well ? 0 : entry.failures + 1;
    const fit = well || (entry.fit && entry.failures < failedChecks);
    if (fit !== entry.fit) {
      entry.fit = fit;
      this.#changed(service);
    }
    // Who is not told of yet is often about to be ready; who never is becomes no more work than others.
    const pauseMs = fit ? checkMs : Math.min(checkMs, limits.soonCheckMs * 2 ** (entry.failures - 1));
    entry.nextCheck = clock.setTimer(pauseMs, () => void this.#check(service, entry));
  }

  /** Whether a check went well, and in time, whatever it does about its signal. */
  async #inTime(entry: Entry, check: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    const late = new AbortController();
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = this.#options.clock.setTimer(this.#options.checkTimeoutMs, () => {
      late.abort();
      resolve(false);
    });
    check(AbortSignal.any([late.signal, entry.ending.signal])).then(
      () => resolve(true),
      () => resolve(false),
    );
    const well = await promise;
    timer.cancel();
    return well;
  }

  #changed(service: string): void {
    this.#lastChange += 1;
    this.#changes.set(service, this.#lastChange);
    for (const tell of this.#waiting.get(service) ?? []) tell();
  }
}

const defaults = {
  leaseMs: limits.leaseMs,
  checkMs: limits.checkMs,
  checkTimeoutMs: limits.checkTimeoutMs,
  failedChecks: limits.failedChecks,
  instances: limits.instances,
  clock: systemClock,
  async check(url: string, signal: AbortSignal) {
    // Who points elsewhere has not answered for itself.
    const answer = await fetch(url, { signal, redirect: "manual" });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`${url} was answered ${answer.status}`);
  },
};

function same(one: Registration, other: Registration): boolean {
  return (
    one.url === other.url &&
    one.zone === other.zone &&
    one.weight === other.weight &&
    one.healthPath === other.healthPath
  );
}
