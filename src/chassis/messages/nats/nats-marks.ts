import type { KV } from "@nats-io/kv";
import type { Marks, Step } from "../marks.ts";
import type { Message } from "../message.ts";
import { isConflict } from "./cells.ts";
import type { OnConnection } from "./connection.ts";
import { markKey } from "./names.ts";

export interface NatsMarksOptions {
  readonly values: KV;
  readonly onConnection: OnConnection;
  /** Publishes messages one after the other; `identity` names them, so that the server drops those that come again. */
  readonly publish: (messages: readonly Message[], signal: AbortSignal, identity: string) => Promise<void>;
}

/**
 * Marks are values of the bucket, replaced by who names the last revision. There is no transaction over a bucket and a
 * stream: messages are published first, under the name of the step, and what a second copy publishes of it is dropped.
 */
export function natsMarks({ values, onConnection, publish }: NatsMarksOptions): Marks {
  const move = async ({ mark, from, to, messages }: Step, signal: AbortSignal) => {
    const entry = await values.get(markKey(mark));
    if (entry?.string() !== from) return false;
    await publish(messages, signal, `${mark} ${to}`);
    try {
      if (entry) await values.update(entry.key, to, entry.revision);
      else await values.create(markKey(mark), to);
    } catch (error) {
      if (isConflict(error)) return false;
      throw error;
    }
    return true;
  };
  return {
    read: (mark) => onConnection(async () => (await values.get(markKey(mark)))?.string()),
    move: (step) => onConnection((signal) => move(step, signal)),
  };
}
