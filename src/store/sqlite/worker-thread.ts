import { Worker } from "node:worker_threads";
import { unavailable } from "#base";
import { errorOf } from "./failures.ts";
import type { DiskState, Failure, Order, Question, Report, WorkerSettings } from "./messages.ts";
import { fromPlain, type Row } from "./rows.ts";

export interface WorkerEvents {
  onDurable(revision: number): void;
  onFailed(epoch: number, failure: Failure): void;
  /** The thread is gone, though nobody closed it. */
  onCrash(error: Error): void;
}

/** The main thread's end of the worker: questions and their answers, appends and their reports. */
export class WorkerThread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #closing = false;

  constructor(settings: WorkerSettings, events: WorkerEvents) {
    // Published code is compiled: the file keeps the ending of this one.
    const file = import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js";
    this.#worker = new Worker(new URL(file, import.meta.url), {
      workerData: settings,
      name: "nacre-store",
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
    });
    this.#worker.on("message", (report: Report) => {
      if (report.type === "durable") events.onDurable(report.revision);
      else if (report.type === "failed") events.onFailed(report.epoch, report.failure);
      else this.#answered(report);
    });
    const crashed = (error: Error) => {
      for (const { reject } of this.#pending.values()) reject(error);
      this.#pending.clear();
      if (!this.#closing) events.onCrash(error);
    };
    this.#worker.on("error", (error) =>
      crashed(unavailable("the store's writer has failed; restart Nacre", error)),
    );
    this.#worker.on("exit", () => crashed(unavailable("the store is closed")));
  }

  append(order: Extract<Order, { type: "append" }>): void {
    this.#worker.postMessage(order, [order.rows.buffer]);
  }

  /** Resolves with the answer, after `onRows` was given all parts of it. */
  ask(question: Question, onRows: (rows: Row[]) => void = () => {}): Promise<DiskState | undefined> {
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<DiskState | undefined>();
    this.#pending.set(id, { onRows, resolve, reject });
    this.#worker.postMessage({ ...question, id });
    return promise;
  }

  /** Resolves once everything sent before has been written and the file is closed. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    const exited = new Promise((resolve) => this.#worker.once("exit", resolve));
    await this.ask({ type: "close" }).catch(() => {});
    await exited;
  }

  #answered(report: Extract<Report, { id: number }>): void {
    const pending = this.#pending.get(report.id);
    if (!pending) return;
    if (report.type === "rows") {
      try {
        pending.onRows(report.rows.map(fromPlain));
      } catch (error) {
        this.#pending.delete(report.id);
        pending.reject(error instanceof Error ? error : new Error(String(error)));
      }
      return;
    }
    this.#pending.delete(report.id);
    if (report.type === "reply") pending.resolve(report.answer);
    else pending.reject(errorOf(report.failure));
  }
}

interface Pending {
  readonly onRows: (rows: Row[]) => void;
  readonly resolve: (answer: DiskState | undefined) => void;
  readonly reject: (error: Error) => void;
}
