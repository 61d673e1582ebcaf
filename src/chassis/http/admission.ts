import { type Metrics, silentMetrics } from "#base";
import { type Priority, priorities } from "../telemetry/mod.ts";
import type { Exchange } from "./exchange.ts";
import { limits } from "./limits.ts";
import { problem, reducedCapacity } from "./problem.ts";
import { type Line, Turn } from "./turn.ts";

/** How much a service takes on. Its health, its metrics and its OpenAPI document are answered whatever there is to do. */
export interface AdmissionOptions {
  /** Requests that may be under way at once. */
  readonly maxInFlight?: number;
  /** How long a request may have waited when its turn comes. Infinity: for ever. */
  readonly maxDelayMs?: number;
  /**
   * Who says how much a request matters. `routes`: the route, and a caller may say that it matters less (the default). `callers`: whoever asks, for a service
   * that is asked by services alone.
   */
  readonly priorities?: "routes" | "callers";
}

interface AdmissionSurroundings {
  readonly metrics?: Metrics;
  /** Where requests wait before they are seen. */
  readonly lines?: readonly Line[];
}

/** What is to be known of a request, and what becomes known of it. */
export type Admitted = Pick<Exchange, "priority" | "atEnd" | "startedMs" | "deadlineMs">;

/** Why a request was not taken on. */
type Shed = "in_flight" | "delay" | "deadline";

/**
 * Takes on what can be answered in time, and refuses the rest at once: an answer that nobody waits for any more helps nobody. What matters least is
 * refused first: a share of the room is kept for the more urgent.
 */
export class Admission {
  readonly #maxInFlight: number;
  readonly #maxDelayMs: number;
  readonly #priorities: "routes" | "callers";
  readonly #lines: readonly Line[];
  readonly #shed;
  #inFlight = 0;

  constructor(
    {
      maxInFlight = limits.maxInFlight,
      maxDelayMs = limits.maxDelayMs,
      priorities = "routes",
    }: AdmissionOptions = {},
    { metrics = silentMetrics, lines = [new Turn()] }: AdmissionSurroundings = {},
  ) {
    this.#maxInFlight = maxInFlight;
    this.#maxDelayMs = maxDelayMs;
    this.#priorities = priorities;
    this.#lines = lines;
    this.#shed = metrics.counter(
      "http_server_shed_requests_total",
      "Requests that were refused because there was too much to do, by priority and by what there was too much of.",
    );
  }

  /** Takes a request on until it is over, or throws the problem that refuses it. */
  enter(exchange: Admitted, ofRoute: Priority = "normal"): void {
    const priority = this.#priorityOf(exchange.priority, ofRoute);
    exchange.priority = priority;
    const why = this.#refuse(exchange, priority);
    if (why !== undefined) {
      this.#shed.add(1, { priority, reason: why });
      throw refusals[why]();
    }
    this.#inFlight += 1;
    exchange.atEnd = () => {
      this.#inFlight -= 1;
    };
  }

  #refuse({ startedMs, deadlineMs }: Admitted, priority: Priority): Shed | undefined {
    const share = shares[priority];
    if (this.#inFlight >= this.#maxInFlight * share) return "in_flight";
    if (this.#maxDelayMs === Number.POSITIVE_INFINITY) return undefined;
    const delayMs = Math.max(...this.#lines.map((line) => line.delayMs(startedMs)));
    if (delayMs > this.#maxDelayMs * share) return "delay";
    return startedMs + delayMs > deadlineMs ? "deadline" : undefined;
  }

  #priorityOf(said: Priority | undefined, ofRoute: Priority): Priority {
    if (said === undefined) return ofRoute;
    if (this.#priorities === "callers") return said;
    return priorities.indexOf(said) > priorities.indexOf(ofRoute) ? said : ofRoute;
  }
}

/** The room, of number and of time, that each may fill. */
const shares: Readonly<Record<Priority, number>> = { critical: 1, normal: 0.8, background: 0.5 };

const refusals: Readonly<Record<Shed, () => Error>> = {
  in_flight: () => tooMuch("too many requests are being answered"),
  delay: () => tooMuch("requests wait too long for their turn"),
  deadline: () => problem(504, "the deadline had passed before it was its turn"),
};

function tooMuch(detail: string): Error {
  return problem(503, `there is too much to do: ${detail}`, {
    type: reducedCapacity,
    headers: { "retry-after": "1" },
  });
}
