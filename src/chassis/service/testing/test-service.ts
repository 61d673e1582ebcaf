import type { TestContext } from "node:test";
import type { Settings } from "../../config/mod.ts";
import type { Routes } from "../../http/mod.ts";
import { type Machine, type Service, type ServiceOptions, service } from "../service.ts";

/** A log line, parsed. */
export type Line = Readonly<Record<string, unknown>>;

/** A service in this process, on loopback, and what it has logged. */
export interface TestService {
  readonly it: Service;
  readonly url: string;
  readonly lines: readonly Line[];
  /** The next line with this message, or the first there already is. */
  line(message: string): Promise<Line>;
  /** The problem document, or other JSON, of an answer. */
  ask(path: string, init?: RequestInit): Promise<{ status: number; headers: Headers; body: unknown }>;
}

/** Starts a service that ends with the test. It hears no signals and waits for nobody when it drains, unless `environment` says so. */
export async function startService<const Api extends Routes, S extends Settings = Record<never, never>>(
  context: TestContext,
  options: Omit<ServiceOptions<S, Api>, "name" | "version" | "machine">,
  machine: Partial<Machine> = {},
): Promise<TestService> {
  const output = new Lines();
  const it = service({
    ...options,
    name: "shop",
    version: "1.2.3",
    machine: {
      args: [],
      output,
      ownsProcess: false,
      ...machine,
      environment: {
        HOST: "127.0.0.1",
        PORT: "0",
        DRAIN_DELAY: "0ms",
        DRAIN_LIMIT: "5s",
        ...machine.environment,
      },
    },
  } as ServiceOptions<S, Api>);
  context.after(() => it.stop());
  await it.start();
  const { url } = it;
  return {
    it,
    url,
    lines: output.lines,
    line: (message) => output.next(message),
    ask: async (path, init) => {
      const answer = await fetch(url + path, init);
      const text = await answer.text();
      return {
        status: answer.status,
        headers: answer.headers,
        body: text === "" ? undefined : JSON.parse(text),
      };
    },
  };
}

class Lines {
  readonly lines: Line[] = [];
  readonly #waiting: { message: string; resolve: (line: Line) => void }[] = [];

  write(text: string): void {
    for (const each of text.trimEnd().split("\n")) {
      const line = JSON.parse(each) as Line;
      this.lines.push(line);
      for (const { message, resolve } of this.#waiting) if (line.message === message) resolve(line);
    }
  }

  next(message: string): Promise<Line> {
    const found = this.lines.find((line) => line.message === message);
    if (found) return Promise.resolve(found);
    const { promise, resolve } = Promise.withResolvers<Line>();
    this.#waiting.push({ message, resolve });
    return promise;
  }
}
