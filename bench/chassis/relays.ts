import { setTimeout as pause } from "node:timers/promises";
import { Pool } from "pg";
import {
  database,
  logRelay,
  migrate,
  notifyRelay,
  outbox,
  outboxSchema,
  pollingRelay,
  type Relay,
  type RelayOptions,
} from "#chassis/data";
import { memoryBroker } from "#chassis/messages";
import type { RealPostgres } from "#testing";
import { percentile } from "../row.ts";

export interface RelayFigures {
  readonly name: string;
  /** From the answer to a commit to the start of the handler, at 100 commits a second. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Handlers that began before the writer had its answer: they are counted as 0. */
  readonly early: number;
  /** Eight writers with 50 messages in a transaction, from the first commit to the last handler. */
  readonly perSecond: number;
}

const relays: Readonly<Record<string, (options: RelayOptions) => Relay>> = {
  polling: pollingRelay,
  notified: notifyRelay,
  log: logRelay,
};

const commits = 400;
const everyMs = 10;
const writers = 8;
const transactions = 25;
const batch = 50;

export async function measureRelays(
  postgres: RealPostgres,
  say: (line: string) => void,
): Promise<readonly RelayFigures[]> {
  const all: RelayFigures[] = [];
  for (const [name, relay] of Object.entries(relays)) {
    all.push({ name, ...(await measure(postgres, relay)) });
    say(`relay ${name}`);
  }
  return all;
}

async function measure(
  postgres: RealPostgres,
  relay: (options: RelayOptions) => Relay,
): Promise<Omit<RelayFigures, "name">> {
  const pool = new Pool({ connectionString: await postgres.createDatabase(), max: 20 });
  const view = database(pool);
  const stop = new AbortController();
  let running: Promise<void> = Promise.resolve();
  try {
    await migrate(view, [outboxSchema]);
    const box = outbox({ source: "/bench", announce: relay === logRelay ? "never" : "every commit" });
    const broker = memoryBroker();
    const startedAt = new Map<number, number>();
    let handled = 0;
    let heard = () => {};
    const subscription = await broker.subscribe({
      topic: "orders",
      subscriber: "bench",
      async handle({ message: { event } }) {
        startedAt.set(event.data as number, performance.now());
        handled += 1;
        heard();
      },
    });
    const until = (count: number) =>
      new Promise<void>((resolve) => {
        heard = () => handled >= count && resolve();
        heard();
      });
    const add = (numbers: readonly number[]) =>
      view.transaction((transaction) =>
        box.add(transaction, ...numbers.map((data) => ({ topic: "orders", type: "counted", data }))),
      );
    running = relay({ database: view, broker }).run(stop.signal);
    // The first is not measured: by then the relay stands.
    await add([-1]);
    await until(1);

    const answeredAt = new Map<number, number>();
    for (let number = 0; number < commits; number += 1) {
      const next = performance.now() + everyMs;
      await add([number]);
      answeredAt.set(number, performance.now());
      await pause(Math.max(0, next - performance.now()));
    }
    await until(1 + commits);
    const delays = [...answeredAt].map(([number, at]) => (startedAt.get(number) ?? 0) - at);
    const began = performance.now();
    await Promise.all(
      Array.from({ length: writers }, async () => {
        for (let count = 0; count < transactions; count += 1)
          await add(Array.from({ length: batch }, (_, at) => at));
      }),
    );
    const written = writers * transactions * batch;
    await until(1 + commits + written);
    const perSecond = written / ((performance.now() - began) / 1000);
    await subscription.close();
    const waits = delays.map((delay) => Math.max(0, delay));
    return {
      p50Ms: percentile(waits, 0.5),
      p99Ms: percentile(waits, 0.99),
      early: delays.filter((delay) => delay < 0).length,
      perSecond,
    };
  } finally {
    stop.abort();
    await running;
    await pool.end();
  }
}
