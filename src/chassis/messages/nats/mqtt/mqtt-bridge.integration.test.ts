import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { connect, type MqttClient } from "mqtt";
import { seededRandom } from "#base";
import { freePort, lacksNats, realNats } from "#testing";
import type { Broker, Delivery } from "../../broker.ts";
import { composer, type Message } from "../../message.ts";
import { natsBroker } from "../nats-broker.ts";
import { type MqttBridgeOptions, mqttBridge } from "./mqtt-bridge.ts";

const skip = lacksNats() ?? false;
const readings = { filter: "sensors/+/temperature", topic: "readings", type: "reading.taken" };

/** A server with a listener for devices, and a broker on it. */
async function open(context: TestContext) {
  const port = await freePort();
  const nats = await realNats({ configuration: `mqtt { listen: "127.0.0.1:${port}" }` });
  context.after(() => nats.stop());
  const broker = await natsBroker({ servers: nats.url });
  context.after(() => broker.close());
  return {
    nats,
    broker,
    async device(clientId: string): Promise<Device> {
      const client = connect(`mqtt://127.0.0.1:${port}`, {
        clientId,
        clean: false,
        protocolVersion: 4,
        reconnectPeriod: 50,
      });
      // A server that is away is not the device's end.
      client.on("error", () => {});
      context.after(() => client.endAsync(true));
      const heard = listen(client);
      await new Promise<void>((resolve) => client.once("connect", () => resolve()));
      return { client, until: heard.until };
    },
    async bridge(options: Partial<MqttBridgeOptions> = {}) {
      return mqttBridge({ name: "floor", servers: nats.url, broker, fromDevices: [readings], ...options });
    },
  };
}

test("what a device publishes reaches a topic's subscribers, also what it published while no bridge ran", {
  skip,
  timeout: 60_000,
}, async (context) => {
  const { broker, device, bridge } = await open(context);
  const reader = await read(context, broker);
  const first = await bridge();
  const { client: sensor } = await device("sensor");
  await sensor.publishAsync("sensors/7/temperature", '{"celsius":21}', { qos: 1 });
  await sensor.publishAsync("sensors/7/humidity", "not declared", { qos: 1 });
  await reader.got(1);
  await sensor.publishAsync("sensors/7/temperature", "unkept", { qos: 0 });
  await reader.got(2);
  await first.close();
  const own = { specversion: "1.0", id: "a", source: "/sensors/8", type: "reading.taken", data: 22 };
  await sensor.publishAsync("sensors/8/temperature", JSON.stringify(own), { qos: 1 });
  const second = await bridge();
  context.after(() => second.close());
  await reader.got(3);
  const [wrapped, unkept, structured] = reader.events;
  assert.deepEqual(
    [wrapped?.type, wrapped?.subject, wrapped?.partitionkey, wrapped?.data],
    ["reading.taken", "sensors/7/temperature", "sensors/7/temperature", { celsius: 21 }],
  );
  assert.equal(unkept?.data, "unkept");
  assert.deepEqual([structured?.source, structured?.id, structured?.data], ["/sensors/8", "a", 22]);
  assert.equal(reader.events.length, 3);
});

test("copies share the work, and the server is killed: what was acknowledged to a device comes, in order", {
  skip,
  timeout: 120_000,
}, async (context) => {
  const { nats, broker, device, bridge } = await open(context);
  const reader = await read(context, broker);
  const carried = [0, 0];
  const copies = await Promise.all(
    carried.map((_, copy) =>
      bridge({
        broker: {
          ...broker,
          async publish(messages) {
            await broker.publish(messages);
            carried[copy] = (carried[copy] ?? 0) + messages.length;
          },
        },
      }),
    ),
  );
  context.after(() => Promise.all(copies.slice(1).map((copy) => copy.close())));
  const { client: sensor } = await device("sensor");
  let sent = 0;
  const publish = (count: number) =>
    Promise.all(
      Array.from({ length: count }, () => {
        sent += 1;
        return sensor.publishAsync("sensors/7/temperature", String(sent), { qos: 1 });
      }),
    );
  while (carried.includes(0)) await publish(10);
  const underway = publish(30);
  await nats.kill();
  await nats.start();
  await underway;
  const more = publish(30);
  await copies[0]?.close();
  await more;
  await reader.all(sent);
  assert.deepEqual(
    [...new Set(reader.events.map(({ data }) => data))],
    Array.from({ length: sent }, (_, at) => at + 1),
  );
});

test("what is said in a topic reaches devices: with QoS 1, the last one also those that come later", {
  skip,
  timeout: 60_000,
}, async (context) => {
  const { nats, broker, device, bridge } = await open(context);
  const { client } = await device("bridge");
  const compose = composer({ source: "/control", random: seededRandom(1) });
  const it = await bridge({
    toDevices: {
      client,
      topics: [
        {
          topic: "commands",
          publish: ({ type, subject, data }) =>
            type === "valve.set"
              ? { mqttTopic: `valves/${subject}/set`, payload: JSON.stringify(data), retain: true }
              : undefined,
        },
      ],
    },
  });
  context.after(() => it.close());
  const valve = await device("valve");
  await valve.client.subscribeAsync("valves/1/set", { qos: 1 });
  const command = (type: string, data: unknown): Message =>
    compose({ topic: "commands", type, subject: "1", key: "valve-1", data });
  await broker.publish([command("valve.set", { open: true }), command("valve.checked", {})]);
  await valve.until(({ payload }) => payload === '{"open":true}');
  // The device is away; what it is sent meanwhile waits for it, over the server's death.
  await valve.client.endAsync();
  await broker.publish([command("valve.set", { open: false })]);
  const panel = await device("panel");
  await panel.client.subscribeAsync("valves/+/set", { qos: 1 });
  await panel.until(({ payload, retain }) => payload === '{"open":false}' && retain);
  await nats.kill();
  await nats.start();
  const again = await device("valve");
  await again.until(({ payload, qos }) => payload === '{"open":false}' && qos === 1);
});

test("a bridge that could not be opened whole carries nothing", {
  skip,
  timeout: 60_000,
}, async (context) => {
  const { broker, bridge } = await open(context);
  const closed: string[] = [];
  const partly: Broker = {
    ...broker,
    async subscribe({ topic }) {
      if (topic === "refused") throw new Error("the broker is away");
      return { close: async () => void closed.push(topic) };
    },
  };
  const topics = ["commands", "refused"].map((topic) => ({ topic, publish: () => undefined }));
  const opened = bridge({ broker: partly, toDevices: { client: { async publishAsync() {} }, topics } });
  await assert.rejects(opened, /the broker is away/);
  assert.deepEqual(closed, ["commands"]);
});

interface Device {
  readonly client: MqttClient;
  /** Resolves when it has heard such a thing, ever. */
  until(found: (heard: Heard) => boolean): Promise<void>;
}

interface Heard {
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
}

function listen(client: MqttClient): Pick<Device, "until"> {
  const all: Heard[] = [];
  let heard = Promise.withResolvers<void>();
  client.on("message", (_, payload, { qos, retain }) => {
    all.push({ payload: payload.toString(), qos, retain });
    heard.resolve();
    heard = Promise.withResolvers();
  });
  return {
    async until(found) {
      while (!all.some(found)) await heard.promise;
    },
  };
}

async function read(context: TestContext, broker: Broker) {
  const events: Delivery["message"]["event"][] = [];
  let heard = Promise.withResolvers<void>();
  const subscription = await broker.subscribe({
    topic: "readings",
    subscriber: "store",
    async handle({ message }) {
      events.push(message.event);
      heard.resolve();
      heard = Promise.withResolvers();
    },
  });
  context.after(() => subscription.close());
  return {
    events,
    async got(count: number) {
      while (events.length < count) await heard.promise;
    },
    async all(count: number) {
      while (new Set(events.map(({ data }) => data)).size < count) await heard.promise;
    },
  };
}
