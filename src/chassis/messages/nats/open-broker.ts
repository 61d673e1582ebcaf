import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { silentLogger, systemClock, systemRandom } from "#base";
import type { Reader, SubscribeOptions } from "../broker.ts";
import { limits } from "../limits.ts";
import { keyOf } from "../message.ts";
import { unlessAborted } from "../unless-aborted.ts";
import { Cells, openBucket } from "./cells.ts";
import { type OnConnection, openConnection } from "./connection.ts";
import type { NatsBroker, NatsBrokerOptions } from "./nats-broker.ts";
import { NatsDeadLetters } from "./nats-dead-letters.ts";
import { natsMarks } from "./nats-marks.ts";
import { natsRequests } from "./nats-requests.ts";
import { NatsSubscription } from "./nats-subscription.ts";
import { Removal } from "./removal.ts";
import { Topics } from "./topics.ts";
import { Away, whenThere } from "./when-there.ts";

/** See `nats-broker.ts`. */
export async function openBroker({
  servers,
  name,
  replicas = 1,
  connection: options,
  clock = systemClock,
  random = systemRandom,
  log = silentLogger,
}: NatsBrokerOptions): Promise<NatsBroker> {
  const connection = await openConnection({
    servers,
    ...(name === undefined ? {} : { name }),
    ...(options ? { options } : {}),
    log,
  });
  const client = jetstream(connection.nats);
  const reading = jetstream(connection.nats, { timeout: limits.openMs });
  const manager = await jetstreamManager(connection.nats, { checkAPI: false });
  const topics = new Topics({ jetstream: client, manager, clock, replicas });
  const opening = () => openBucket(client, replicas);
  const values = await whenThere("the bucket of the cells", opening, { clock, log }).catch(async (error) => {
    await connection.close();
    throw error;
  });
  const cells = new Cells(values, manager);
  const removal = new Removal({ manager, cells, clock, log });
  const onConnection: OnConnection = async (work) => {
    const late = new AbortController();
    const reason = new Away(`NATS has not answered within ${limits.answerMs} ms`);
    const timer = clock.setTimer(limits.answerMs, () => late.abort(reason));
    try {
      await connection.up(late.signal);
      const signal = AbortSignal.any([late.signal, connection.lost]);
      return await unlessAborted(signal, work(signal)).catch((error) => {
        throw signal.aborted ? signal.reason : error;
      });
    } finally {
      timer.cancel();
    }
  };
  const begin = async ({ topic, subscriber }: SubscribeOptions) => {
    const position = await topics.keep(topic);
    const partitions = Array.from({ length: limits.partitions }, (_, partition) => partition);
    await Promise.all(partitions.map((partition) => cells.begin(topic, subscriber, partition, position)));
  };
  const lettersOf = (of: Reader) =>
    new NatsDeadLetters({ jetstream: client, manager, clock, replicas, onConnection, of });
  return {
    async publish(messages) {
      const lines = [...Map.groupBy(messages, (message) => `${message.topic} ${keyOf(message)}`).values()];
      await onConnection((signal) => Promise.all(lines.map((line) => topics.publish(line, signal))));
    },
    async subscribe(subscribe) {
      // To begin twice is to begin once.
      const { topic, subscriber } = subscribe;
      await whenThere(`the topic ${topic} for ${subscriber}`, () => onConnection(() => begin(subscribe)), {
        clock,
        log,
      });
      return new NatsSubscription({
        connection,
        jetstream: reading,
        manager,
        cells,
        removal,
        letters: lettersOf(subscribe),
        clock,
        random,
        log,
        subscribe,
      });
    },
    deadLetters: lettersOf,
    ...natsRequests({ connection, clock, random }),
    marks: natsMarks({
      values,
      onConnection,
      publish: (messages, signal, identity) => topics.publish(messages, signal, identity),
    }),
    async close() {
      removal.close();
      await connection.close();
    },
  };
}
