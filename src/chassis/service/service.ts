import { type Clock, type Logger, type Metrics, type Random, systemClock, systemRandom } from "#base";
import type { Authenticator } from "../auth/mod.ts";
import type { Configuration, Settings } from "../config/mod.ts";
import type { AdmissionOptions, CrossOrigin, Handlers, Routes } from "../http/mod.ts";
import type { LineWriter, Tracer } from "../telemetry/mod.ts";
import type { Check, CheckKind } from "./health.ts";
import { RunningService } from "./running-service.ts";
import type { OwnSettings } from "./settings.ts";

/** What a service is. */
export interface ServiceOptions<S extends Settings, Api extends Routes> {
  readonly name: string;
  readonly version: string;
  /** One sentence for the OpenAPI document. */
  readonly description?: string;
  /** Its own settings, besides those that every service has. */
  readonly config?: S;
  readonly routes: Api;
  /**
   * Opens what the service needs and gives the handlers of its routes. The service listens already and answers for its health; it is ready when this
   * has resolved.
   */
  readonly handlers: (context: ServiceContext<S>) => Handlers<Api> | Promise<Handlers<Api>>;
  /** Finds out who asks, for the routes that say who may. */
  readonly authenticator?: (context: ServiceContext<S>) => Authenticator;
  /** Which pages of other origins may ask its routes by a browser. Asked each time: it may change with the configuration. Absent: none. */
  readonly crossOrigin?: (context: ServiceContext<S>) => CrossOrigin;
  /** How much it takes on before it refuses what matters least. */
  readonly admission?: AdmissionOptions;
  /** What it runs on. Absent: the process. */
  readonly machine?: Partial<Machine>;
}

/** What a service's own code is given. */
export interface ServiceContext<S extends Settings> {
  readonly config: Configuration<S & OwnSettings>;
  readonly logger: Logger;
  readonly tracer: Tracer;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborted when no connections are taken any more: what never ends by itself, such as a stream of events, ends now, and holds up no drain. */
  readonly closing: AbortSignal;
  /** Aborted when the last request has been answered: work in the background ends. */
  readonly signal: AbortSignal;
  /** Adds to what /readyz, or /livez, asks. */
  check(name: string, kind: CheckKind, check: Check): void;
  /**
   * Begins something as soon as the service is told to end, while it still answers: takes a registration back, drains a server of one's own. The service waits for it, as long as for its
   * own requests.
   */
  whenLeaving(action: () => unknown): void;
  /** Closes something after the last request has been answered; what was opened last is closed first. */
  closeAtEnd(close: () => unknown): void;
}

/** A service's surroundings. */
export interface Machine {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly output: LineWriter;
  readonly clock: Clock;
  readonly random: Random;
  /** SIGTERM and SIGINT are heard, and end the process with an exit code, only when this is true. */
  readonly ownsProcess: boolean;
}

/** A service, from its start to its end. */
export interface Service {
  /** Resolves when it is ready. Rejects, and has ended, when it cannot be: with a `ConfigError` when its configuration is to blame. */
  start(): Promise<void>;
  /** Drains: see `drainDelayMs` and `drainLimitMs`. Resolves when it has ended. */
  stop(): Promise<void>;
  /** Where it listens: `http://127.0.0.1:8080`. */
  readonly url: string;
}

export function service<const Api extends Routes, S extends Settings = Record<never, never>>(
  options: ServiceOptions<S, Api>,
): Service {
  const machine: Machine = {
    args: process.argv.slice(2),
    environment: process.env,
    output: process.stdout,
    clock: systemClock,
    random: systemRandom,
    ownsProcess: true,
    ...options.machine,
  };
  return new RunningService(options, machine);
}
