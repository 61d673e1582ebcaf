import type { User } from "#apiserver";
import { type LogSink, logger, messageOf, silentMetrics } from "#base";
import { createClient, type ProgramOptions } from "#client";
import type { Link } from "../network/link.ts";
import type { Network } from "../network/network.ts";
import { PartClock } from "../time/part-clock.ts";
import { randomFor } from "../time/seeds.ts";
import { Life } from "./life.ts";

export interface ProgramPartOptions {
  /** `scheduler-a`: the part, and the identity under which it wants to lead. */
  readonly name: string;
  readonly user: User;
  readonly fieldManager: string;
  readonly network: Network;
  readonly seed: number;
  readonly log: LogSink;
  /** Of the simulated world as a whole. */
  readonly signal: AbortSignal;
  /** The program's own start function. */
  readonly run: (options: ProgramOptions) => Promise<void>;
  /** Called when the program ends by itself, which none should. */
  readonly onFailure: (message: string) => void;
}

/** One program of the cluster (controllers, scheduler): it can crash and start again, and hang for a while. */
export class ProgramPart {
  readonly name: string;
  readonly #options: ProgramPartOptions;
  #starts = 0;
  #running: { clock: PartClock; link: Link; life: Life } | undefined;
  #skewMs = 0;

  constructor(options: ProgramPartOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#running?.clock.isRunning ?? false;
  }

  start(): void {
    if (this.#running) return;
    const { name, user, fieldManager, network, seed, log, signal, run, onFailure } = this.#options;
    this.#starts += 1;
    const clock = new PartClock(network.clock);
    clock.skewMs = this.#skewMs;
    const random = randomFor(seed, `${name}/${this.#starts}`);
    const link = network.link({ part: name, user, enter: (work) => clock.enter(work) });
    const life = new Life(signal);
    this.#running = { clock, link, life };
    const fails = (message: string) => {
      if (!life.isOver) onFailure(message);
    };
    run({
      client: createClient({
        transport: link,
        fieldManager,
        clock,
        random,
        parseEvent: network.events.parse,
      }),
      clock,
      random,
      logger: logger(life.heard(log), "info"),
      metrics: silentMetrics,
      signal: life.signal,
      identity: name,
    }).then(
      () => fails(`${name} ended by itself`),
      (error) =>
        fails(
          `${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`,
        ),
    );
  }

  /** Ends it as SIGKILL does: its lease is not given back, what it had begun is not finished. */
  crash(): void {
    if (!this.#running) return;
    const { clock, link, life } = this.#running;
    this.#running = undefined;
    clock.kill();
    this.#options.network.unlink(link);
    life.end();
  }

  pause(): void {
    this.#running?.clock.pause();
  }

  resume(): void {
    this.#running?.clock.resume();
  }

  setSkew(skewMs: number): void {
    this.#skewMs = skewMs;
    if (this.#running) this.#running.clock.skewMs = skewMs;
  }
}
