import type { Server } from "node:http";
import { type Logger, must } from "#base";
import type { Authenticator } from "../auth/mod.ts";
import { type Configuration, configure, type Settings } from "../config/mod.ts";
import {
  AcceptQueue,
  Admission,
  type AdmissionOptions,
  type AnyHandler,
  type CrossOrigin,
  Dispatcher,
  type ExchangeContext,
  httpServer,
  type Routes,
  Turn,
} from "../http/mod.ts";
import { Telemetry } from "../telemetry/mod.ts";
import { drain } from "./drain.ts";
import { Health } from "./health.ts";
import { type Event, next, type State } from "./life.ts";
import { limits } from "./limits.ts";
import { listen, urlOf } from "./listen.ts";
import { mountOwn, RouteSet } from "./mounting.ts";
import { ProcessEvents } from "./process-events.ts";
import type { Machine, Service, ServiceContext } from "./service.ts";
import { configDirectories, type OwnSettings, ownSettings } from "./settings.ts";
import { trustedProxies } from "./trusted-proxies.ts";

/** What a service is, once the types of its settings and routes have done their work. */
export interface AnyService {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly config?: Settings;
  readonly routes: Routes;
  readonly admission?: AdmissionOptions;
  readonly authenticator?: (context: never) => Authenticator;
  readonly crossOrigin?: (context: never) => CrossOrigin;
  readonly handlers: (context: never) => Awaitable<Readonly<Record<string, AnyHandler>>>;
}

type Awaitable<T> = T | Promise<T>;

/** One service in one process: the order in which its parts begin and end. */
export class RunningService implements Service {
  readonly #options: AnyService;
  readonly #machine: Machine;
  readonly #telemetry: Telemetry;
  readonly #health: Health;
  readonly #exchanges: ExchangeContext;
  readonly #dispatcher: Dispatcher;
  readonly #server: Server;
  readonly #routes: RouteSet;
  readonly #process: ProcessEvents;
  /** Aborted when no connections are taken any more. */
  readonly #closing = new AbortController();
  /** Aborted when the last request has been answered. */
  readonly #over = new AbortController();
  readonly #leavers: (() => unknown)[] = [];
  readonly #closers: (() => unknown)[] = [];
  /** Settles when the handlers are there: what is being opened is not closed before. */
  #opening: Promise<unknown> | undefined;
  /** What it answers besides its routes, where that has a port of its own. */
  #management: Server | undefined;
  #config: Configuration<OwnSettings> | undefined;
  #state: State = "idle";
  #stopping: Promise<void> | undefined;

  constructor(options: AnyService, machine: Machine) {
    const { clock } = machine;
    this.#options = options;
    this.#machine = machine;
    this.#telemetry = new Telemetry({ ...machine, name: options.name, version: options.version });
    this.#health = new Health(() => this.#state, clock);
    const { tracer, signals } = this.#telemetry;
    const leaving = () => this.#state === "draining";
    this.#exchanges = {
      clock,
      logger: this.#logger,
      tracer,
      signals,
      trustedProxies: trustedProxies(() => this.#config?.current.trustedProxies),
      crossOrigin: () => this.#config && options.crossOrigin?.(this.#context(this.#config) as never),
      leaving,
    };
    this.#dispatcher = new Dispatcher(this.#exchanges);
    const metrics = this.#telemetry.registry;
    this.#server = httpServer(this.#dispatcher.handle, { metrics });
    const lines = [new Turn(), new AcceptQueue(this.#server, clock)];
    const admission = new Admission(options.admission, { metrics, lines });
    this.#routes = new RouteSet(options.routes, this.#dispatcher, admission);
    this.#process = new ProcessEvents(this.#telemetry.logs);
  }

  async start(): Promise<void> {
    this.#see("start");
    if (this.#machine.ownsProcess) this.#process.listen((hurry) => this.#stop({ hurry }));
    try {
      this.#config = this.#configure();
      await this.#listen(this.#config);
      const context = this.#context(this.#config);
      const opening = Promise.try(() => this.#options.handlers(context as never));
      this.#opening = opening.catch(() => {});
      await this.#routes.open(await opening, this.#options.authenticator?.(context as never));
    } catch (error) {
      this.#see("failed");
      await this.#stop({ hurry: true });
      throw error;
    }
    this.#see("opened");
    // A process that a signal has told to end is gone after this wait, with the exit code that says how it went.
    await this.#stopping;
    if (this.#state !== "ready")
      throw new Error(`${this.#options.name} was asked to end before it was ready`);
    this.#telemetry.export();
  }

  async stop(): Promise<void> {
    await this.#stop({ hurry: false });
  }

  get url(): string {
    return urlOf(this.#server);
  }

  get #logger(): Logger {
    return this.#telemetry.logs.logger;
  }

  #configure(): Configuration<OwnSettings> {
    const { args, environment } = this.#machine;
    const config = configure({ ...ownSettings, ...this.#options.config } as OwnSettings, {
      args,
      environment,
      directories: configDirectories(environment),
      logger: this.#logger,
      signal: this.#over.signal,
    });
    const applyLevel = () => {
      this.#telemetry.logs.level = config.current.logLevel;
    };
    applyLevel();
    config.onChange(applyLevel);
    return config;
  }

  async #listen(config: Configuration<OwnSettings>): Promise<void> {
    const { host, port, managementPort } = config.current;
    const origins = config.origins();
    const own = managementPort === undefined ? this.#dispatcher : new Dispatcher(this.#exchanges);
    mountOwn(own, { about: this.#options, health: this.#health, registry: this.#telemetry.registry });
    await listen(this.#server, { host, port, origin: origins.port });
    if (managementPort !== undefined) {
      this.#management = httpServer(own.handle, { metrics: this.#telemetry.registry });
      await listen(this.#management, { host, port: managementPort, origin: origins.managementPort });
    }
    const afterMs = Math.round(process.uptime() * 1000);
    this.#logger.info("listening", {
      url: this.url,
      ...(this.#management ? { management_url: urlOf(this.#management) } : {}),
      version: this.#options.version,
      ms_since_process_start: afterMs,
    });
  }

  #context(config: Configuration<OwnSettings>): ServiceContext<Settings> {
    const { tracer, registry } = this.#telemetry;
    const { clock, random } = this.#machine;
    return {
      config,
      logger: this.#logger,
      tracer,
      metrics: registry,
      clock,
      random,
      closing: this.#closing.signal,
      signal: this.#over.signal,
      check: (name, kind, check) => this.#health.add(name, kind, check),
      whenLeaving: (action) => void this.#leavers.push(action),
      closeAtEnd: (close) => void this.#closers.push(close),
    };
  }

  /** Drains, once: who asks again waits for the same end. In a hurry nobody is given time to hear of it first. */
  #stop({ hurry }: { hurry: boolean }): Promise<void> {
    this.#stopping ??= this.#end(hurry);
    return this.#stopping;
  }

  async #end(hurry: boolean): Promise<void> {
    this.#see("stop");
    const listened = this.#server.listening;
    if (listened) await this.#drain(hurry);
    this.#over.abort();
    await this.#close(() => this.#opening);
    for (const close of this.#closers.toReversed()) await this.#close(close);
    // Until now it said that the service drains, and counted what it did.
    this.#management?.close().closeAllConnections();
    if (this.#state === "draining") this.#see("drained");
    if (listened) this.#logger.info("ended");
    await this.#telemetry.close();
    this.#process.forget();
  }

  async #drain(hurry: boolean): Promise<void> {
    const { clock } = this.#machine;
    const { drainDelayMs, drainLimitMs } = must(this.#config, "what listens is configured").current;
    this.#logger.info("draining", { in_flight: this.#telemetry.signals.inFlight });
    const leaving = this.#leavers.map((leave) => this.#close(leave, drainDelayMs + drainLimitMs));
    if (!hurry) await clock.sleep(drainDelayMs);
    this.#closing.abort();
    const inFlight = () => this.#telemetry.signals.inFlight;
    const { cut } = await drain(this.#server, { clock, limitMs: drainLimitMs, inFlight });
    await Promise.all(leaving);
    if (cut === 0) return;
    this.#process.failed();
    this.#logger.error("requests were not answered in time, their connections were cut", {
      cut,
      limitMs: drainLimitMs,
    });
  }

  async #close(close: () => unknown, limitMs: number = limits.closeMs): Promise<void> {
    const inTime = new AbortController();
    const late = this.#machine.clock.sleep(limitMs, inTime.signal).then(
      () => Promise.reject(new Error(`not closed within ${limitMs} ms`)),
      () => {},
    );
    try {
      await Promise.race([close(), late]);
    } catch (error) {
      this.#logger.error("something could not be closed", { error });
    } finally {
      inTime.abort();
    }
  }

  #see(event: Event): void {
    this.#state = next(this.#state, event);
  }
}
