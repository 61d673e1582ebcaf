import { type Lease, leases } from "#api";
import {
  type Clock,
  isConflict,
  isNotFound,
  type Logger,
  messageOf,
  microTimestamp,
  type Random,
  type Timer,
} from "#base";
import type { Client } from "./client.ts";
import { Informer } from "./informer.ts";
import { leaseDurationMs, leaseRenewDeadlineMs, leaseRenewPeriodMs, leaseRetryMs } from "./limits.ts";

export interface LeaderElectionOptions {
  readonly client: Client;
  /** Name of the Lease that is fought over. */
  readonly name: string;
  readonly namespace: string;
  /**
   * Who this is. Unique among those that run at the same time, and best the same after a restart: who comes back under the
   * name that holds the lease leads again at once, instead of waiting until their own lease has run out.
   */
  readonly identity: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Steps down (and releases the lease) when leading, stops trying when not. */
  readonly signal: AbortSignal;
  /**
   * The work of a leader. Its signal aborts when leadership is lost or `signal` aborts; leadership ends when it returns.
   * It is aborted `leaseDurationMs - leaseRenewDeadlineMs` before anyone else may lead, and must have stopped by then.
   */
  readonly lead: (signal: AbortSignal) => Promise<void>;
}

/**
 * One leader at a time, by a Lease that it renews. Waiting costs nothing: candidates watch the lease, and a timer runs
 * only until the moment at which they may take it. Resolves when `signal` aborts or `lead` returns by itself.
 *
 * Clocks of different machines are never compared: a candidate counts `leaseDurationMs` from when *it* saw the last renewal.
 */
export async function runLeaderElection(options: LeaderElectionOptions): Promise<void> {
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  const seen = new SeenLease(options, signal);
  try {
    while (!signal.aborted) {
      await seen.free();
      if (signal.aborted) return;
      const lease = await acquire(options, seen.lease);
      if (!lease) {
        await options.clock.sleep(leaseRetryMs * (0.5 + options.random.float()), signal).catch(() => {});
        continue;
      }
      // Work that begins after the end would wait for an abort that has been.
      if (signal.aborted) return await release(options);
      options.logger.info(`${options.identity} leads ${options.name}`);
      const finished = await holdAndLead(options, lease);
      if (finished) return;
    }
  } finally {
    ended.abort();
  }
}

/** The lease as the watch tells it, and when it may be taken. */
class SeenLease {
  readonly #options: LeaderElectionOptions;
  readonly #signal: AbortSignal;
  readonly #informer: Informer<Lease>;
  #renewedAtMs = 0;
  #wake: () => void = () => {};

  constructor(options: LeaderElectionOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    const { client, namespace, name, clock, random, logger } = options;
    this.#informer = new Informer<Lease>({
      client,
      resource: leases,
      namespace,
      fieldSelector: `metadata.name=${name}`,
      clock,
      random,
      logger,
      signal,
    });
    const changed = () => {
      this.#renewedAtMs = clock.monotonicMs();
      this.#wake();
    };
    this.#informer.addHandler({ added: changed, updated: changed, deleted: changed });
    signal.addEventListener("abort", () => this.#wake(), { once: true });
  }

  get lease(): Lease | undefined {
    return this.#informer.get(this.#options.name, this.#options.namespace);
  }

  /** Resolves when nobody else holds the lease any more, or the signal aborts. */
  async free(): Promise<void> {
    await this.#informer.synced.catch(() => {});
    for (;;) {
      const waitMs = this.#waitMs();
      if (waitMs <= 0 || this.#signal.aborted) return;
      await new Promise<void>((resolve) => {
        const timer = this.#options.clock.setTimer(waitMs, resolve, { unref: true });
        this.#wake = () => {
          timer.cancel();
          resolve();
        };
      });
    }
  }

  #waitMs(): number {
    const holder = this.lease?.spec?.holderIdentity;
    if (!holder || holder === this.#options.identity) return 0;
    const durationMs = (this.lease?.spec?.leaseDurationSeconds ?? leaseDurationMs / 1000) * 1000;
    return this.#renewedAtMs + durationMs - this.#options.clock.monotonicMs();
  }
}

/** What a renewal is answered goes out with the next one: no more of it than is needed. */
const lean = { omit: "managedFields" } as const;

/** Writes this identity into the lease, on the condition that it is still as seen. Undefined when another was faster. */
async function acquire(options: LeaderElectionOptions, seen: Lease | undefined): Promise<Lease | undefined> {
  const { client, name, namespace, identity, clock, logger } = options;
  const api = client.resource(leases, namespace);
  const now = microTimestamp(clock);
  const spec = {
    holderIdentity: identity,
    leaseDurationSeconds: leaseDurationMs / 1000,
    acquireTime: now,
    renewTime: now,
    leaseTransitions:
      (seen?.spec?.leaseTransitions ?? 0) + (seen && seen.spec?.holderIdentity !== identity ? 1 : 0),
  };
  try {
    if (!seen) return await api.create({ metadata: { name, namespace }, spec }, lean);
    return await api.update({ ...seen, spec }, lean);
  } catch (error) {
    if (!isConflict(error) && !isNotFound(error)) logger.debug(`taking lease ${name}: ${messageOf(error)}`);
    return undefined;
  }
}

/** Leads until the work is done, the lease cannot be kept, or the signal aborts. True when leadership ended by will. */
async function holdAndLead(options: LeaderElectionOptions, acquired: Lease): Promise<boolean> {
  const leadership = new AbortController();
  const signal = AbortSignal.any([options.signal, leadership.signal]);
  let lost = false;
  const renewing = renew(options, acquired, signal).catch((error) => {
    lost = true;
    options.logger.warn(`${options.identity} no longer leads ${options.name}: ${messageOf(error)}`);
    leadership.abort(error);
  });
  try {
    await options.lead(signal);
  } finally {
    leadership.abort();
    await renewing;
    if (!lost) await release(options);
  }
  return !lost;
}

/** Renews until the signal aborts; throws when the last renewal is `leaseRenewDeadlineMs` old or another holds the lease. */
async function renew(options: LeaderElectionOptions, acquired: Lease, signal: AbortSignal): Promise<void> {
  const { client, namespace, clock, random, identity, name } = options;
  let lease = acquired;
  let renewedMs = clock.monotonicMs();
  let pauseMs = leaseRenewPeriodMs;
  for (;;) {
    await clock.sleep(pauseMs * (0.9 + 0.1 * random.float()), signal).catch(() => {});
    if (signal.aborted) return;
    const attemptMs = clock.monotonicMs();
    const deadline = deadlineAt(clock, renewedMs + leaseRenewDeadlineMs, signal);
    try {
      const api = client.resource(leases, namespace);
      const spec = { ...lease.spec, renewTime: microTimestamp(clock) };
      lease = await api.update({ ...lease, spec }, { signal: deadline.signal, ...lean });
      renewedMs = attemptMs;
      pauseMs = leaseRenewPeriodMs;
    } catch (error) {
      if (signal.aborted) return;
      if (clock.monotonicMs() - renewedMs >= leaseRenewDeadlineMs) throw error;
      pauseMs = leaseRetryMs;
      lease = await current(options, deadline.signal, lease);
      const holder = lease.spec?.holderIdentity;
      if (holder !== identity) throw new Error(`lease ${name} is now held by "${holder ?? ""}"`);
    } finally {
      deadline.timer.cancel();
    }
  }
}

/** The lease on the server, or the one known when the server cannot say. */
async function current(options: LeaderElectionOptions, signal: AbortSignal, known: Lease): Promise<Lease> {
  try {
    return await options.client.resource(leases, options.namespace).get(options.name, { signal });
  } catch {
    return known;
  }
}

function deadlineAt(clock: Clock, atMs: number, signal: AbortSignal): { signal: AbortSignal; timer: Timer } {
  const passed = new AbortController();
  const timer = clock.setTimer(Math.max(0, atMs - clock.monotonicMs()), () => passed.abort(), {
    unref: true,
  });
  return { signal: AbortSignal.any([signal, passed.signal]), timer };
}

/** Gives the lease back, so that the next leader need not wait. Best effort: it runs out anyway. */
async function release(options: LeaderElectionOptions): Promise<void> {
  const { client, name, namespace, identity, clock, logger } = options;
  try {
    const api = client.resource(leases, namespace);
    const lease = await api.get(name);
    if (lease.spec?.holderIdentity !== identity) return;
    const spec = {
      ...lease.spec,
      holderIdentity: "",
      leaseDurationSeconds: 1,
      renewTime: microTimestamp(clock),
    };
    await api.update({ ...lease, spec });
  } catch (error) {
    logger.debug(`releasing lease ${name}: ${messageOf(error)}`);
  }
}
