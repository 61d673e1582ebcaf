import type { Transport } from "#api";
import type { User } from "#apiserver";
import type { Clock, Random } from "#base";
import { between } from "../time/seeds.ts";
import type { Trace } from "../trace/trace.ts";
import { type Conditions, goodConditions } from "./conditions.ts";
import { Link, type LinkOptions } from "./link.ts";
import { SharedEvents } from "./shared-events.ts";

/** What answers at the other end while a server runs. */
export interface Server {
  transport(user: User): Transport;
}

export interface NetworkOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly trace: Trace;
}

/**
 * Everything between the parts of a cluster and its API server: how long it takes, what is lost or comes twice, who does not reach whom.
 *
 *   part ── Link ──(latency, cut, loss)──► API server, while there is one
 *        ◄── answers, events ────────────
 */
export class Network {
  readonly clock: Clock;
  readonly random: Random;
  readonly trace: Trace;
  readonly events = new SharedEvents();
  readonly #conditions = new Map<string, Conditions>();
  readonly #held = new Map<string, (() => void)[]>();
  readonly #links = new Set<Link>();
  #server: Server | undefined;

  constructor(options: NetworkOptions) {
    this.clock = options.clock;
    this.random = options.random;
    this.trace = options.trace;
  }

  get server(): Server | undefined {
    return this.#server;
  }

  /** Lets requests reach this server; undefined: nobody listens. Connections to the one before are reset. */
  serve(server: Server | undefined): void {
    this.#server = server;
    for (const link of this.#links) link.reset("the API server has gone");
  }

  /** The end of one part, to speak from as one user. */
  link(options: LinkOptions): Link {
    const link = new Link(this, options);
    this.#links.add(link);
    return link;
  }

  /** The part, or its machine, is no more. */
  unlink(link: Link): void {
    this.#links.delete(link);
    link.abandon();
  }

  conditionsOf(part: string): Conditions {
    let conditions = this.#conditions.get(part);
    if (!conditions) {
      conditions = { ...goodConditions };
      this.#conditions.set(part, conditions);
    }
    return conditions;
  }

  cut(part: string): void {
    this.conditionsOf(part).isCut = true;
  }

  /** The way is there again: what waited arrives, in order. */
  heal(part: string): void {
    const conditions = this.conditionsOf(part);
    if (!conditions.isCut) return;
    conditions.isCut = false;
    const held = this.#held.get(part) ?? [];
    this.#held.delete(part);
    for (const arrive of held) this.clock.setTimer(0, () => this.#pass(part, arrive));
  }

  /** Every connection of the part ends as one does that was reset. */
  reset(part: string): void {
    for (const link of this.#links) if (link.part === part) link.reset("connection reset");
  }

  /** Something on its way; arrives not before `notBeforeMs`, so that what must keep its order does. Returns when, should nothing stop it. */
  send(part: string, arrive: () => void, notBeforeMs = 0): number {
    const nowMs = this.clock.monotonicMs();
    const atMs = Math.max(notBeforeMs, nowMs + between(this.random, this.conditionsOf(part).latencyMs));
    this.clock.setTimer(atMs - nowMs, () => this.#pass(part, arrive));
    return atMs;
  }

  #pass(part: string, arrive: () => void): void {
    const held = this.#held.get(part);
    if (!this.conditionsOf(part).isCut) arrive();
    else if (held) held.push(arrive);
    else this.#held.set(part, [arrive]);
  }
}
