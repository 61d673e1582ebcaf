import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "#testing";
import { eventually } from "../../test/eventually.ts";
import { type Running, start } from "../../test/processes.ts";

export interface ShopProcessOptions {
  /** Where the shop is. */
  readonly directory: string;
  /** Which parts it runs; none: all. */
  readonly parts: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * One process of the shop, and whoever sees to it that it runs: it is started again however it ends, at the same address. A process whose database is
 * away when it starts ends, as services do everywhere, and is started until it is there.
 */
export class ShopProcess {
  readonly name: string;
  readonly url: string;
  readonly #options: ShopProcessOptions;
  readonly #port: number;
  #running: Running | undefined;
  #environment: Readonly<Record<string, string>> = {};
  #isClosed = false;

  private constructor(options: ShopProcessOptions, port: number) {
    this.name = options.parts.join("+") || "shop";
    this.url = `http://127.0.0.1:${port}`;
    this.#options = options;
    this.#port = port;
  }

  static async create(options: ShopProcessOptions): Promise<ShopProcess> {
    return new ShopProcess(options, await freePort());
  }

  /** Begins, with what there was to know once all had their addresses. */
  start(environment: Readonly<Record<string, string>>): void {
    this.#environment = environment;
    this.#begin();
  }

  #begin(): void {
    const { directory, parts } = this.#options;
    const running = start(process.execPath, [join(directory, "main.ts"), ...parts], {
      environment: {
        PATH: process.env.PATH,
        HOST: "127.0.0.1",
        PORT: String(this.#port),
        LOG_LEVEL: "warn",
        DRAIN_DELAY: "0ms",
        ...this.environment,
      },
    });
    this.#running = running;
    void running.ended.then(async () => {
      await pause(restartMs);
      if (!this.#isClosed) this.#begin();
    });
  }

  async ready(): Promise<void> {
    await eventually(`${this.name} is ready`, async () => {
      const answered = await fetch(`${this.url}/readyz`).catch(() => undefined);
      return answered?.ok ?? false;
    });
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    await this.#running?.stop("SIGKILL");
  }

  /** Ends it for good. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.kill();
  }

  /** What it is told, besides where it listens. */
  get environment(): Readonly<Record<string, string>> {
    return { ...this.#options.environment, ...this.#environment };
  }

  get pid(): number {
    return this.#running?.pid ?? 0;
  }

  /** Everything that it has said since it was last started. */
  get output(): string {
    return this.#running?.output() ?? "";
  }
}

const restartMs = 100;
