import { type Clock, type Logger, silentLogger, systemClock } from "#base";
import type { Broker, Reader, SubscribeOptions } from "./broker.ts";
import { Mailbox } from "./memory/mailbox.ts";
import { memoryMarks } from "./memory/memory-marks.ts";
import { memoryRequests } from "./memory/memory-requests.ts";
import { delayMsOf, type Message } from "./message.ts";

export interface MemoryBroker extends Broker {
  /** Resolves when nothing is left to be handled now; what waits for another attempt, or its moment, does not count. */
  idle(): Promise<void>;
}

export interface MemoryBrokerOptions {
  readonly clock?: Clock;
  readonly log?: Logger;
}

/** A broker for tests, and for services that all run in this process and may forget what they say when it ends. */
export function memoryBroker({
  clock = systemClock,
  log = silentLogger,
}: MemoryBrokerOptions = {}): MemoryBroker {
  const mailboxes = new Map<string, Mailbox>();
  const open = (options: SubscribeOptions) => {
    const { topic, subscriber } = options;
    const mailbox = mailboxes.get(nameOf(options)) ?? new Mailbox({ of: { topic, subscriber }, clock, log });
    mailboxes.set(nameOf(options), mailbox);
    return mailbox.open(options);
  };
  const deliver = (message: Message) => {
    const delayMs = delayMsOf(message, clock);
    // A clock's longest timer may be shorter than that.
    if (delayMs > 0) clock.setTimer(delayMs, () => deliver(message), { unref: true });
    else
      for (const mailbox of mailboxes.values()) if (mailbox.of.topic === message.topic) mailbox.put(message);
  };
  const publish = (messages: readonly Message[]) => {
    for (const message of messages) deliver(message);
  };
  return {
    publish: async (messages) => publish(messages),
    marks: memoryMarks(publish),
    ...memoryRequests(clock),
    subscribe: async (options) => open(options),
    // Asking makes no subscriber: nothing is kept for whoever only looks.
    deadLetters: (of) => ({
      list: async (options) => (await mailboxes.get(nameOf(of))?.list(options)) ?? [],
      redrive: async (which) => (await mailboxes.get(nameOf(of))?.redrive(which)) ?? 0,
      discard: async (which) => (await mailboxes.get(nameOf(of))?.discard(which)) ?? 0,
    }),
    async idle() {
      while ([...mailboxes.values()].some(({ running }) => running.size > 0))
        await Promise.allSettled([...mailboxes.values()].flatMap(({ running }) => [...running]));
    },
  };
}

function nameOf({ topic, subscriber }: Reader): string {
  return `${topic} ${subscriber}`;
}
