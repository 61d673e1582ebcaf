import type { Context } from "../context.ts";

/** A longer measurement with a table of its own, which runs only when it is named. */
export interface Study {
  readonly name: string;
  readonly what: string;
  /** `say` tells progress, a line at a time. */
  run(context: Context, say: (line: string) => void): Promise<StudyResult>;
}

export interface StudyResult {
  /** For people. */
  readonly text: string;
  /** The same for programs. */
  readonly json: unknown;
  /** Measurements that did not come about. */
  readonly failures: number;
}
