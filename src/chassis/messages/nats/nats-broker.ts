import type { ConnectionOptions } from "@nats-io/transport-node";
import { type Clock, type Logger, type Random, silentLogger, systemClock, systemRandom } from "#base";
import type { Broker } from "../broker.ts";
import { keyOf, type Message } from "../message.ts";
import type { Link } from "./link.ts";
import { partitionOf, partitions, recordKey, subjectOf } from "./names.ts";
import { NatsSubscription } from "./nats-subscription.ts";
import type { PartitionRecord } from "./partition.ts";

export interface NatsBrokerOptions {
  /** Where NATS is and who asks: `{ servers: ["nats://one", "nats://two"], user, pass, tls }`. The first that answers is taken. */
  readonly connection: ConnectionOptions;
  /** On how many servers of a cluster each message is kept: 1, 3 or 5. */
  readonly replicas?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Logger;
}

export interface NatsBroker extends Broker {
  /** Ends the connection. What is subscribed is closed before. */
  close(): Promise<void>;
}

/**
 * Messages in streams of NATS JetStream, one per topic, in parts by key. Each part is read by one copy of a subscriber,
 * which writes down how far it has come. It connects when it is first used, and again whenever the connection is lost.
 */
export function natsBroker({
  connection,
  replicas = 1,
  clock = systemClock,
  random = systemRandom,
  log = silentLogger,
}: NatsBrokerOptions): NatsBroker {
  const links = new Links(async () => {
    // Loaded here, so that services on other brokers do not pay for it.
    const { openLink } = await import("./link.ts");
    return openLink({ connection, replicas });
  });
  return {
    async publish(messages) {
      if (messages.length === 0) return;
      const link = await links.current();
      const lines = Map.groupBy(await addressed(link, messages), keyOf).values();
      const outcomes = await Promise.allSettled([...lines].map((line) => publishInOrder(link, line)));
      const failed = outcomes.find((outcome) => outcome.status === "rejected");
      if (failed) throw failed.reason;
    },
    async subscribe(options) {
      await stand(await links.current(), options);
      return new NatsSubscription({ link: () => links.current(), clock, random, log, ...options });
    },
    close: () => links.close(),
  };
}

/** The messages of topics that somebody has subscribed to. The others concern nobody. */
async function addressed(link: Link, messages: readonly Message[]): Promise<readonly Message[]> {
  const topics = [...new Set(messages.map(({ topic }) => topic))];
  const heard = await Promise.all(topics.map((topic) => link.isHeard(topic)));
  return messages.filter(({ topic }) => heard[topics.indexOf(topic)]);
}

/**
 * One is stored before the next is sent: so what a lost connection, or a cluster that chooses a new leader, swallows is
 * always a last part.
 */
async function publishInOrder(link: Link, messages: readonly Message[]): Promise<void> {
  for (const message of messages)
    await link.publish(subjectOf(message.topic, partitionOf(keyOf(message))), JSON.stringify(message.event));
}

/** Makes the records of a subscription, from the end of the topic, unless they are there. */
async function stand(
  link: Link,
  { topic, subscriber }: { readonly topic: string; readonly subscriber: string },
): Promise<void> {
  const upTo = await link.ensureTopic(topic);
  const record: PartitionRecord = { position: { upTo, open: [] } };
  await Promise.all(
    Array.from({ length: partitions }, (_, partition) =>
      link.records().swap(recordKey(topic, subscriber, partition), JSON.stringify(record), 0),
    ),
  );
}

/** The one connection that there is at a time. */
class Links {
  readonly #open: () => Promise<Link>;
  #current: Promise<Link> | undefined;

  constructor(open: () => Promise<Link>) {
    this.#open = open;
  }

  async current(): Promise<Link> {
    if (!this.#current) {
      const opening = this.#open();
      const forget = () => {
        if (this.#current === opening) this.#current = undefined;
      };
      this.#current = opening;
      opening.then(({ lost }) => (lost.aborted ? forget() : lost.addEventListener("abort", forget)), forget);
    }
    return this.#current;
  }

  async close(): Promise<void> {
    const link = await this.#current?.catch(() => undefined);
    await link?.close();
  }
}
