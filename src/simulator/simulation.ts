import { localNodeLabel, nodes, type Pod, persistentVolumes, pods } from "#api";
import type { ApiServer, User } from "#apiserver";
import { type Logger, type LogSink, logger, type Random } from "#base";
import { type Client, createClient, Informers } from "#client";
import { startControllers } from "#controllers";
import { startScheduler } from "#scheduler";
import { SimulatedDisk, type Store } from "#store";
import { limits } from "./limits.ts";
import { Network } from "./network/network.ts";
import { type Behaviour, Fleet, type NodeObserver, type NodePower, type NodeShape } from "./nodes/mod.ts";
import { ControlPlane, type ControlPlaneOptions } from "./parts/control-plane.ts";
import { Life } from "./parts/life.ts";
import { ProgramPart } from "./parts/program.ts";
import { PartClock } from "./time/part-clock.ts";
import { between, randomFor } from "./time/seeds.ts";
import { VirtualClock } from "./time/virtual-clock.ts";
import { Trace } from "./trace/trace.ts";

export interface SimulationOptions {
  readonly seed: number;
  /** When it is in the simulated world at the start, milliseconds since the epoch. */
  readonly startAt?: number;
  readonly nodes: readonly NodeShape[];
  readonly behaviourOf: (pod: Pod, random: Random) => Behaviour;
  /** How many of each run; one leads. */
  readonly replicas?: number;
  readonly windowCommits?: number;
  readonly ports?: Pick<ControlPlaneOptions, "diskPort" | "storePort" | "serverPort">;
  readonly observer?: NodeObserver;
  readonly onOpen?: (store: Store, server: ApiServer) => void;
  /** Called when a program ends that should not. */
  readonly onFailure?: (message: string) => void;
}

/**
 * A whole cluster in this process, in virtual time: the real API server, store, controllers and scheduler, and simulated nodes, with a
 * simulated network between them. All that happens follows from the seed and from what is done to it.
 */
export class Simulation {
  readonly seed: number;
  readonly clock: VirtualClock;
  readonly trace: Trace;
  readonly network: Network;
  readonly disk: SimulatedDisk;
  readonly controlPlane: ControlPlane;
  readonly controllers: readonly ProgramPart[];
  readonly schedulers: readonly ProgramPart[];
  readonly fleet: Fleet;
  /** The clocks of nodes that are on, by name. */
  readonly nodeClocks = new Map<string, PartClock>();
  /** Of nodes: how wrong their clocks are. */
  readonly nodeSkews = new Map<string, number>();
  readonly #options: SimulationOptions;
  readonly #over = new AbortController();

  constructor(options: SimulationOptions) {
    this.#options = options;
    const { seed, replicas = 2 } = options;
    this.seed = seed;
    this.clock = new VirtualClock(options.startAt ?? Date.UTC(2026, 0, 1));
    this.trace = new Trace(this.clock);
    const { clock, trace } = this;
    this.network = new Network({ clock, trace, random: randomFor(seed, "network") });
    this.disk = new SimulatedDisk({ clock, random: randomFor(seed, "disk") });
    this.controlPlane = new ControlPlane({
      network: this.network,
      disk: this.disk,
      random: randomFor(seed, "api-server"),
      logger: this.#logger("api-server"),
      windowCommits: options.windowCommits ?? 4096,
      ...options.ports,
      onOpen: (store, server) => options.onOpen?.(store, server),
      onFailure: (message) => options.onFailure?.(message),
    });
    const names = "abcdefgh".slice(0, replicas).split("");
    this.controllers = names.map((name) =>
      this.#program(`controllers-${name}`, "kube-controller-manager", (run) =>
        startControllers({ ...run, authority }),
      ),
    );
    this.schedulers = names.map((name) =>
      this.#program(`scheduler-${name}`, "kube-scheduler", startScheduler),
    );
    const informers = new Informers({
      client: this.client("fleet"),
      clock,
      random: randomFor(seed, "fleet"),
      logger: this.#logger("fleet"),
      signal: this.#over.signal,
    });
    this.fleet = new Fleet({
      pods: informers.of(pods),
      nodes: informers.of(nodes),
      volumes: informers.of(persistentVolumes, { labelSelector: localNodeLabel }),
      power: (shape) => this.#power(shape),
      behaviourOf: options.behaviourOf,
      ...(options.observer ? { observer: options.observer } : {}),
    });
    for (const shape of options.nodes) this.fleet.add(shape);
  }

  /** A client of somebody outside: reaches the API server as all parts do, and may do everything. */
  client(part: string, user: User = { name: part, groups: ["system:masters"] }): Client {
    const { clock, network } = this;
    return createClient({
      transport: network.link({ part, user, enter: (work) => work() }),
      fieldManager: part,
      clock,
      parseEvent: network.events.parse,
      random: randomFor(this.seed, `client/${part}`),
    });
  }

  /** Starts every part; nodes one after another. */
  async start(): Promise<void> {
    await Promise.all([this.controlPlane.start(), this.clock.run(10)]);
    while (!this.network.server) await this.clock.run(10);
    for (const program of [...this.controllers, ...this.schedulers]) program.start();
    const random = randomFor(this.seed, "boot");
    for (const node of this.fleet.nodes.values()) {
      this.clock.setTimer(between(random, limits.bootMs), () => node.boot());
    }
  }

  /**
   * Lets go of all that runs or ever ran: Node keeps signals that somebody listens to, and with them what those hold. What happens from here
   * on counts for nothing.
   */
  end(): void {
    this.#over.abort();
  }

  #program(
    name: string,
    component: string,
    run: ConstructorParameters<typeof ProgramPart>[0]["run"],
  ): ProgramPart {
    return new ProgramPart({
      name,
      user: { name: `system:${component}`, groups: ["system:authenticated"] },
      fieldManager: component,
      network: this.network,
      seed: this.seed,
      log: this.#sink(name),
      signal: this.#over.signal,
      run,
      onFailure: (message) => this.#options.onFailure?.(message),
    });
  }

  #power({ name }: NodeShape): NodePower {
    const { network } = this;
    const clock = new PartClock(this.clock);
    clock.skewMs = this.nodeSkews.get(name) ?? 0;
    this.nodeClocks.set(name, clock);
    const random = randomFor(this.seed, `node/${name}/${this.clock.monotonicMs()}`);
    const link = network.link({
      part: name,
      user: { name: `system:node:${name}`, groups: ["system:nodes", "system:authenticated"] },
      enter: (work) => clock.enter(work),
    });
    const life = new Life(this.#over.signal);
    return {
      client: createClient({ transport: link, fieldManager: "kubelet", clock, random }),
      clock,
      random,
      logger: logger(life.heard(this.#sink(name)), "info"),
      signal: life.signal,
      hear: (news) => void network.send(name, () => clock.enter(news)),
      off: () => {
        clock.kill();
        network.unlink(link);
        life.end();
        this.nodeClocks.delete(name);
      },
    };
  }

  #logger(part: string): Logger {
    return logger(this.#sink(part), "info");
  }

  #sink(part: string): LogSink {
    return (level, message) => this.trace.record(part, `${level}: ${message}`);
  }
}

const authority = "-----BEGIN CERTIFICATE-----\nsimulated\n-----END CERTIFICATE-----\n";
