import {
  type ApiServer,
  bootstrap,
  createApiServer,
  createSecurity,
  keepKubernetesService,
  newSigningKey,
  stamp,
  startAggregation,
} from "#apiserver";
import { type Logger, messageOf, type Random, unavailable } from "#base";
import { type Disk, openSimulatedStore, type SimulatedDisk, type Store } from "#store";
import type { Network, Server } from "../network/network.ts";
import { PartClock } from "../time/part-clock.ts";

export interface ControlPlaneOptions {
  readonly network: Network;
  readonly disk: SimulatedDisk;
  readonly random: Random;
  readonly logger: Logger;
  /** How many commits a watch can go back; small ones make watches expire. */
  readonly windowCommits: number;
  /** What the store writes to, made of the disk; the disk itself unless a fault is planted. */
  readonly diskPort?: (disk: SimulatedDisk) => Disk;
  /** What the API server works on, made of the store that was opened. */
  readonly storePort?: (store: Store) => Store;
  /** What parts reach over the network, made of the API server. */
  readonly serverPort?: (server: Server, store: Store) => Server;
  /** Called with every store that is opened, before anyone is served. */
  readonly onOpen: (store: Store, server: ApiServer) => void;
  /** Called when it does not start. */
  readonly onFailure: (message: string) => void;
}

/** The API server and its store: the real ones, on a simulated disk. They may end without warning, and start again on what is there. */
export class ControlPlane {
  readonly #options: ControlPlaneOptions;
  /** Tokens that were signed before a restart are good after it. */
  readonly #signingKey = newSigningKey();
  #running: { clock: PartClock; store: Store } | undefined;
  skewMs = 0;

  constructor(options: ControlPlaneOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** The store, while there is one. */
  get store(): Store {
    if (!this.#running) throw unavailable("the control plane does not run");
    return this.#running.store;
  }

  /** Opens what is on the disk, brings it to what every cluster begins with, and serves. */
  async start(): Promise<void> {
    try {
      await this.#start();
    } catch (error) {
      this.#options.onFailure(`the API server does not start: ${messageOf(error)}`);
    }
  }

  async #start(): Promise<void> {
    const { network, disk, random, logger, windowCommits, diskPort, storePort, serverPort, onOpen } =
      this.#options;
    const clock = new PartClock(network.clock);
    clock.skewMs = this.skewMs;
    const opened = await openSimulatedStore({
      disk: diskPort?.(disk) ?? disk,
      stamp,
      logger,
      window: { commits: windowCommits, bytes: windowCommits * 4096 },
    });
    this.#running = { clock, store: opened };
    const server = createApiServer({
      store: storePort?.(opened) ?? opened,
      clock,
      random,
      logger,
      security: createSecurity({
        signingKey: this.#signingKey,
        serviceRange: "10.96.0.0/16",
        clock,
        random,
        logger,
      }),
    });
    onOpen(opened, server);
    const { feed, writer } = server;
    await bootstrap({ read: feed, writer, advertised });
    if (!clock.isRunning) return;
    startAggregation(feed, writer, logger);
    keepKubernetesService({ feed, writer, advertised, logger });
    network.serve(serverPort?.(server, opened) ?? server);
  }

  /** Ends it as a lost process ends: nobody is told, what was not synced may be gone. */
  crash(): void {
    this.#running?.clock.kill();
    this.#running = undefined;
    this.#options.network.serve(undefined);
    this.#options.disk.crash();
  }

  setSkew(skewMs: number): void {
    this.skewMs = skewMs;
    if (this.#running) this.#running.clock.skewMs = skewMs;
  }
}

const advertised = { clusterIP: "10.96.0.1", address: "10.244.0.1", port: 6443 };
