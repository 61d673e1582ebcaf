import { JetStreamApiCodes, JetStreamApiError } from "@nats-io/jetstream";
import type { KV } from "@nats-io/kv";
import { laterKey } from "./names.ts";

export interface Swap {
  readonly key: string;
  readonly value: string;
  /** What is replaced; left out, where there is to be nothing. */
  readonly revision?: number | undefined;
}

/**
 * Replaces a value of the bucket. The new revision, or undefined when somebody else was quicker: of several who replace
 * the same revision one gets an answer.
 *
 * Servers of 2.9 that keep a bucket together compare revisions before they agree, so of two that replace the same one at
 * once both may be told that they did. But everything was agreed upon that comes before something written later: who reads
 * then sees who was last.
 */
export async function swap(values: KV, { key, value, revision }: Swap): Promise<number | undefined> {
  try {
    const mine = await (revision === undefined
      ? values.create(key, value)
      : values.update(key, value, revision));
    await values.put(laterKey, "");
    const last = await values.get(key);
    return last?.revision === mine ? mine : undefined;
  } catch (error) {
    if (isConflict(error)) return undefined;
    throw error;
  }
}

export function isConflict(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence;
}
