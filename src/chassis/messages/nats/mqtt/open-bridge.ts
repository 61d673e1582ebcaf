import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { badRequest, silentLogger, systemClock, systemRandom } from "#base";
import type { Broker, Subscription } from "../../broker.ts";
import { openConnection } from "../connection.ts";
import { whenThere } from "../when-there.ts";
import { carryKept, type FromDevicesOptions, keepForBridge } from "./from-devices.ts";
import type { MqttBridge, MqttBridgeOptions, MqttPublisher, ToDevices } from "./mqtt-bridge.ts";
import { subjectsOf } from "./mqtt-topics.ts";
import { carryUnkept } from "./unkept-from-devices.ts";

/** See `mqtt-bridge.ts`. */
export async function openBridge({
  name,
  servers,
  replicas = 1,
  connection: options,
  broker,
  fromDevices,
  toDevices,
  clock = systemClock,
  random = systemRandom,
  log = silentLogger,
}: MqttBridgeOptions): Promise<MqttBridge> {
  const routes = fromDevices.flatMap((route) =>
    subjectsOf(route.filter).map((subject) => ({ route, subject })),
  );
  refuseTwice(
    name,
    routes.map(({ route, subject }) => ({ what: `the filter "${route.filter}"`, shares: subject })),
  );
  refuseTwice(
    name,
    (toDevices?.topics ?? []).map(({ topic }) => ({ what: `the topic "${topic}"`, shares: topic })),
  );
  const connection = await openConnection({ servers, name, ...(options ? { options } : {}), log });
  const shared = {
    connection,
    jetstream: jetstream(connection.nats),
    manager: await jetstreamManager(connection.nats, { checkAPI: false }),
    replicas,
    broker,
    clock,
    random,
    log,
    bridge: name,
  };
  const carriers = routes.map((route): FromDevicesOptions => ({ ...shared, ...route }));
  const closing = new AbortController();
  const kept: Promise<void>[] = [];
  const parts: { close(): Promise<void> }[] = [];
  const close = async () => {
    closing.abort(new Error(`the bridge ${name} is closed`));
    await Promise.all([...kept, ...parts.map((part) => part.close())]);
    await connection.close();
  };
  try {
    for (const carrier of carriers)
      await whenThere("what devices send", () => keepForBridge(carrier), { clock, log });
    if (toDevices)
      for (const outward of toDevices.topics)
        parts.push(await carryToDevices(name, broker, toDevices.client, outward));
    for (const carrier of carriers) {
      kept.push(carryKept(carrier, closing.signal));
      parts.push(carryUnkept(carrier));
    }
    // A server that was asked to send has been asked when it answers this.
    await connection.nats.flush();
    return { close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What is named twice would be shared as copies share it: each of the two would carry a part. */
function refuseTwice(
  bridge: string,
  parts: readonly { readonly what: string; readonly shares: string }[],
): void {
  const seen = new Set<string>();
  for (const { what, shares } of parts) {
    if (seen.has(shares))
      throw badRequest(
        `cannot open the bridge ${bridge}: ${what} is named twice, and each would carry a part; name it once`,
      );
    seen.add(shares);
  }
}

function carryToDevices(
  name: string,
  broker: Broker,
  client: MqttPublisher,
  { topic, publish }: ToDevices["topics"][number],
): Promise<Subscription> {
  return broker.subscribe({
    topic,
    subscriber: `mqtt-${name}`,
    async handle({ message: { event } }) {
      const it = publish(event);
      if (!it) return;
      const payload = it.payload ?? JSON.stringify(event);
      await client.publishAsync(it.mqttTopic, payload, { qos: 1, retain: it.retain ?? false });
    },
  });
}
