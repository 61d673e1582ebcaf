import type { RunOptions, RunReport } from "../runs/run-seed.ts";

/** Asks a thread to play one seed. */
export interface SeedRequest extends Omit<RunOptions, "ports"> {
  /** The name of a planted bug. */
  readonly planted: string | undefined;
}

/** What a thread answers, once for each request. */
export type SeedAnswer =
  | { readonly type: "played"; readonly report: RunReport }
  /** Something failed that nobody caught; the thread has ended. */
  | { readonly type: "crashed"; readonly seed: number; readonly message: string };
