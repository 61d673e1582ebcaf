import type { KV } from "@nats-io/kv";
import type { Marks, Step } from "../marks.ts";
import type { Message } from "../message.ts";
import type { OnConnection } from "./connection.ts";
import { markKey } from "./names.ts";
import { swap } from "./swap.ts";

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
    const swapped = { key: markKey(mark), value: to, revision: entry?.revision };
    return (await swap(values, swapped)) !== undefined;
  };
  return {
    read: (mark) => onConnection(async () => (await values.get(markKey(mark)))?.string()),
    move: (step) => onConnection((signal) => move(step, signal)),
  };
}
