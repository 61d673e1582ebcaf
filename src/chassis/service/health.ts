import { type Clock, messageOf } from "#base";
import type { Endpoint } from "../http/mod.ts";
import type { State } from "./life.ts";
import { limits } from "./limits.ts";

/** Something that must be so for the service to be of use. Throws, or rejects, with what is wrong. */
export type Check = (signal: AbortSignal) => void | Promise<void>;

/** What a failing check means. */
export type CheckKind =
  /** Send nobody here for now: a database is not reachable. */
  | "ready"
  /** Start me anew: something is wrong that will not mend. Not for what others are to blame for. */
  | "live";

/** What is answered at /livez, /readyz and /healthz. */
export interface HealthReport {
  readonly status: "ok" | "failing";
  /** By check: `ok`, or what is wrong. */
  readonly checks: Readonly<Record<string, string>>;
}

interface Known {
  readonly kind: CheckKind;
  readonly check: Check;
  /** What it comes to this time: for all who ask meanwhile. Health is answered to anybody, however much there is to do. */
  running: Promise<string> | undefined;
}

/** Liveness, readiness and both together, apart: to be restarted and to be left alone for a while are different things. */
export class Health {
  readonly #checks = new Map<string, Known>();
  readonly #state: () => State;
  readonly #clock: Clock;

  constructor(state: () => State, clock: Clock) {
    this.#state = state;
    this.#clock = clock;
  }

  add(name: string, kind: CheckKind, check: Check): void {
    this.#checks.set(name, { kind, check, running: undefined });
  }

  /** Ready: the service is, and so is all that it needs. Live: it answers at all, and no check says otherwise. */
  async report(kinds: readonly CheckKind[]): Promise<HealthReport> {
    const asked = [...this.#checks].filter(([, { kind }]) => kinds.includes(kind));
    const checks = Object.fromEntries(
      await Promise.all(asked.map(async ([name, known]) => [name, await this.#outcome(known)])),
    );
    const state = this.#state();
    if (kinds.includes("ready")) checks.service = state === "ready" ? "ok" : `is ${state}`;
    const fine = Object.values(checks).every((said) => said === "ok");
    return { status: fine ? "ok" : "failing", checks };
  }

  endpoint(...kinds: CheckKind[]): Endpoint {
    return {
      quiet: true,
      answer: async (exchange) => {
        const report = await this.report(kinds);
        exchange.sendJson(report.status === "ok" ? 200 : 503, report, { "cache-control": "no-store" });
      },
    };
  }

  #outcome(known: Known): Promise<string> {
    known.running ??= this.#run(known.check).finally(() => {
      known.running = undefined;
    });
    return known.running;
  }

  async #run(check: Check): Promise<string> {
    const late = new AbortController();
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = this.#clock.setTimer(limits.checkMs, () => {
      const reason = new Error(`did not answer within ${limits.checkMs} ms`);
      late.abort(reason);
      reject(reason);
    });
    try {
      await Promise.race([check(late.signal), promise]);
      return "ok";
    } catch (error) {
      return messageOf(error);
    } finally {
      timer.cancel();
    }
  }
}
