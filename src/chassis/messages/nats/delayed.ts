import type { JetStreamClient, JetStreamManager, StoredMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Clock, Logger } from "#base";
import { pause, persist } from "../../database/persist.ts";
import { limits } from "../limits.ts";
import { unlessAborted } from "../unless-aborted.ts";
import { delayedSubject, partitionOf, streamOf, subjectOf } from "./names.ts";
import { storedEvent } from "./stored-event.ts";
import { takeOut } from "./streams.ts";

export interface DelayedOptions {
  readonly nats: NatsConnection;
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly clock: Clock;
  readonly log: Logger;
  readonly topic: string;
}

/**
 * Publishes the delayed messages of a topic when they are due, until `signal` is aborted. Nothing is held in memory: a
 * message waits under the second in which it is due, in the topic's stream. Any number may do this at once.
 */
export async function publishDelayed(options: DelayedOptions, signal: AbortSignal): Promise<void> {
  const { nats, clock, log, topic } = options;
  // What arrives may be due before anything that waited so far.
  let arrived = new AbortController();
  const arrivals = nats.subscribe(delayedSubject(topic, "*"), { callback: () => arrived.abort() });
  await persist(
    `the publishing of delayed messages of ${topic}`,
    { clock, log, signal },
    async (progress) => {
      while (!signal.aborted) {
        arrived = new AbortController();
        const seconds = await unlessAborted(signal, waitingSeconds(options));
        for (const second of seconds) {
          if (second * 1_000 > clock.now() || signal.aborted) break;
          await unlessAborted(signal, publishSecond(options, second, signal));
        }
        progress();
        const next = seconds.find((second) => second * 1_000 > clock.now());
        const waitMs = next === undefined ? limits.safetyLookMs : next * 1_000 - clock.now();
        const wake = AbortSignal.any([signal, arrived.signal]);
        await pause(clock, Math.min(limits.safetyLookMs, Math.max(0, waitMs)), wake);
      }
    },
  );
  arrivals.unsubscribe();
}

/** The seconds for which messages wait, the earliest first. */
async function waitingSeconds({ manager, topic }: DelayedOptions): Promise<readonly number[]> {
  const { state } = await manager.streams.info(streamOf(topic), {
    subjects_filter: delayedSubject(topic, "*"),
  });
  return Object.keys(state.subjects ?? {})
    .map((subject) => Number(subject.split(".").at(-1)))
    .sort((a, b) => a - b);
}

async function publishSecond(options: DelayedOptions, second: number, signal: AbortSignal): Promise<void> {
  const { jetstream, manager, log, topic } = options;
  let from = 1;
  while (!signal.aborted) {
    const waiting = await nextOf(options, second, from);
    if (!waiting) return;
    const event = storedEvent(waiting.data);
    // Two that do this at once, or one that dies before the removal, publish it twice: the server drops the second.
    const msgID = `delayed-${waiting.seq}`;
    if (event)
      await jetstream.publish(subjectOf(topic, partitionOf(event.partitionkey)), waiting.data, { msgID });
    else log.error("what is no event is left out", { topic, sequence: waiting.seq });
    await takeOut(manager, { stream: streamOf(topic), seq: waiting.seq, how: "marked" });
    from = waiting.seq + 1;
  }
}

function nextOf({ manager, topic }: DelayedOptions, second: number, seq: number): Promise<StoredMsg | null> {
  return manager.direct.getMessage(streamOf(topic), { seq, next_by_subj: delayedSubject(topic, second) });
}
