import {
  AckPolicy,
  type Consumer,
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { type Clock, type Logger, messageOf, type Random } from "#base";
import { persist } from "../../../database/persist.ts";
import type { Broker } from "../../broker.ts";
import { limits } from "../../limits.ts";
import type { Message } from "../../message.ts";
import { unlessAborted } from "../../unless-aborted.ts";
import type { Connection } from "../connection.ts";
import { keepStream } from "../streams.ts";
import { messageFromDevice } from "./device-event.ts";
import type { FromDevices } from "./mqtt-bridge.ts";
import { mqttTopicOf } from "./mqtt-topics.ts";

export interface FromDevicesOptions {
  readonly connection: Connection;
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly replicas: number;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Which bridge. */
  readonly bridge: string;
  readonly route: FromDevices;
  readonly subject: string;
}

/** Where the listener keeps what was published with QoS 1, for as long as somebody has not acknowledged it. */
const stream = "$MQTT_msgs";
const prefix = "$MQTT.msgs.";

/** From now on what devices publish to the subject is kept for the bridge. */
export async function keepForBridge({ manager, replicas, ...options }: FromDevicesOptions): Promise<void> {
  // As the listener makes it when the first device comes, which may be later.
  await keepStream(manager, {
    name: stream,
    subjects: [`${prefix}>`],
    retention: RetentionPolicy.Interest,
    storage: StorageType.File,
    num_replicas: replicas,
  });
  await manager.consumers.add(stream, {
    durable_name: consumerOf(options),
    filter_subject: `${prefix}${options.subject}`,
    deliver_policy: DeliverPolicy.New,
    ack_policy: AckPolicy.Explicit,
    ack_wait: limits.silentMs * 1_000_000,
    // The next one only when this one is carried, whichever copy carries it: that is the order of its key.
    max_ack_pending: 1,
  });
}

/** Carries what is kept, one after the other, until `signal` is aborted. */
export async function carryKept(options: FromDevicesOptions, signal: AbortSignal): Promise<void> {
  const { connection, jetstream, clock, log, route } = options;
  await persist(
    `the carrying of ${route.filter} to ${route.topic}`,
    { clock, log, signal },
    async (progress) => {
      await connection.up(signal);
      const ending = AbortSignal.any([signal, connection.lost]);
      const consumer = await unlessAborted(ending, jetstream.consumers.get(stream, consumerOf(options)));
      await carryFrom(consumer, options, ending, progress);
    },
  );
}

async function carryFrom(
  consumer: Consumer,
  { broker, clock, log, route }: FromDevicesOptions,
  ending: AbortSignal,
  progress: () => void,
): Promise<void> {
  const messages = await consumer.consume({ max_messages: 1, idle_heartbeat: limits.heartbeatMs });
  const stop = () => messages.stop();
  ending.addEventListener("abort", stop, { once: true });
  if (ending.aborted) stop();
  try {
    for await (const kept of messages) {
      const message = read(route, kept, clock, log);
      if (!message) {
        kept.term();
        continue;
      }
      try {
        await broker.publish([message]);
      } catch (error) {
        kept.nak();
        throw error;
      }
      kept.ack();
      progress();
    }
  } finally {
    ending.removeEventListener("abort", stop);
    messages.stop();
  }
  if (!ending.aborted) throw new Error("the reading ended by itself");
}

/** Undefined, and said, when it can be no message: what nobody can carry must not keep others from being carried. */
function read(
  route: FromDevices,
  { subject, data, info }: JsMsg,
  clock: Clock,
  log: Logger,
): Message | undefined {
  const mqttTopic = mqttTopicOf(subject.slice(prefix.length));
  // Where a stream is made anew its numbers begin again, its times do not.
  const id = `mqtt-${info.streamSequence}-${info.timestampNanos}`;
  try {
    return messageFromDevice(route, { mqttTopic, payload: data, id }, clock);
  } catch (error) {
    log.error(`what a device sent is left out: ${messageOf(error)}`, { mqttTopic });
    return undefined;
  }
}

function consumerOf({ bridge, subject }: Pick<FromDevicesOptions, "bridge" | "subject">): string {
  return `chassis-${Buffer.from(`${bridge} ${subject}`).toString("base64url")}`;
}
