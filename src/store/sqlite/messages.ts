import type { Reason } from "#base";
import type { Revision } from "../store.ts";
import type { PlainRow } from "./rows.ts";

/** What the worker is told. Appends are answered by `durable` or `failed`, everything else by `reply` or `refused`. */
export type Order =
  | {
      readonly type: "append";
      /** Rows of whole commits, see rows.ts; transferred. */
      readonly rows: Uint8Array<ArrayBuffer>;
      /** Of the last commit in it. */
      readonly revision: Revision;
      /** After a failure the worker drops everything of that epoch: it rested on what was not written. */
      readonly epoch: number;
    }
  | (Question & { readonly id: number });

export type Question =
  | { readonly type: "open" }
  | { readonly type: "load"; readonly revision: Revision }
  | { readonly type: "read"; readonly after: Revision }
  | { readonly type: "history"; readonly key: string; readonly limit: number }
  | { readonly type: "compact"; readonly revision: Revision }
  | { readonly type: "retain"; readonly before: number; readonly bytes: number }
  | { readonly type: "close" };

/** What the worker says. */
export type Report =
  | { readonly type: "durable"; readonly revision: Revision }
  | { readonly type: "failed"; readonly epoch: number; readonly failure: Failure }
  /** A part of the answer to `id`; more follows. */
  | { readonly type: "rows"; readonly id: number; readonly rows: PlainRow[] }
  | { readonly type: "reply"; readonly id: number; readonly answer: DiskState | undefined }
  | { readonly type: "refused"; readonly id: number; readonly failure: Failure };

/** The answer to `open`. */
export interface DiskState {
  /** The newest revision on disk. */
  readonly current: Revision;
  /** Where to start, so that the commits after it fill the window. */
  readonly base: Revision;
}

/** An error that can travel between threads. */
export interface Failure {
  readonly reason: Reason;
  readonly message: string;
  /** True: this store must be opened anew before it can be trusted again. */
  readonly final: boolean;
}

/** How a worker is started. */
export interface WorkerSettings {
  readonly directory: string;
  /** What this process runs, and when it opened the store (ms since the epoch): for the message to a second one. */
  readonly program: string;
  readonly openedAt: number;
}
