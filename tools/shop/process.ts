import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "#testing";

export interface ShopProcessOptions {
  /** Where the shop is. */
  readonly directory: string;
  /** Which parts it runs; none: all. */
  readonly parts: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** How long it may take until it is ready. */
  readonly readyMs: number;
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
  #child: ChildProcess | undefined;
  #environment: Readonly<Record<string, string>> = {};
  #isWanted = false;
  #said = "";

  private constructor(options: ShopProcessOptions, port: number) {
    this.name = options.parts.join("+") || "shop";
    this.url = `http://127.0.0.1:${port}`;
    this.#options = options;
    this.#port = port;
  }

  static async create(options: ShopProcessOptions): Promise<ShopProcess> {
    return new ShopProcess(options, await freePort());
  }

  /** What there is to know once all have their addresses. */
  tell(environment: Readonly<Record<string, string>>): void {
    this.#environment = environment;
  }

  /** Begins, or begins again after `stop`. Resolves when it is ready. */
  async start(): Promise<void> {
    this.#isWanted = true;
    this.#begin();
    await this.#ready();
  }

  #begin(): void {
    const { directory, parts } = this.#options;
    const child = spawn(process.execPath, [join(directory, "main.ts"), ...parts], {
      env: {
        PATH: process.env.PATH,
        HOST: "127.0.0.1",
        PORT: String(this.#port),
        LOG_LEVEL: "warn",
        DRAIN_DELAY: "0ms",
        ...this.environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#said = (this.#said + text).slice(-lastWordsLength);
      });
    child.once("close", async () => {
      await pause(restartMs);
      if (this.#isWanted && this.#child === child) this.#begin();
    });
  }

  async #ready(): Promise<void> {
    const { readyMs } = this.#options;
    const signal = AbortSignal.timeout(readyMs);
    const isReady = async () => (await fetch(`${this.url}/readyz`, { signal }).catch(() => undefined))?.ok;
    while (!(await isReady())) {
      if (!this.#isWanted) throw new Error(`${this.name} was stopped before it was ready`);
      if (signal.aborted)
        throw new Error(`${this.name} is not ready after ${readyMs} ms:\n${this.lastWords}`);
      await pause(lookEveryMs);
    }
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "close");
    child.kill("SIGKILL");
    await ended;
  }

  /** Ends it, and it stays away until it is started. */
  async stop(): Promise<void> {
    this.#isWanted = false;
    await this.kill();
  }

  /** What it is told, besides where it listens. */
  get environment(): Readonly<Record<string, string>> {
    return { ...this.#options.environment, ...this.#environment };
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** What it and those before it said of late. */
  get lastWords(): string {
    return this.#said;
  }
}

const restartMs = 100;
const lookEveryMs = 50;
const lastWordsLength = 4_096;
