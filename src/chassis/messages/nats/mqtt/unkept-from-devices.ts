import type { Msg } from "@nats-io/transport-node";
import { messageOf } from "#base";
import { limits } from "../../limits.ts";
import { messageFromDevice } from "./device-event.ts";
import type { FromDevicesOptions } from "./from-devices.ts";
import { mqttTopicOf } from "./mqtt-topics.ts";

/** Carries what devices publish with QoS 0, which nobody keeps: what cannot be carried now is gone. */
export function carryUnkept({
  connection,
  bridge,
  broker,
  clock,
  log,
  random,
  route,
  subject,
}: FromDevicesOptions): { close(): Promise<void> } {
  // One copy gets each, in the order of their coming.
  const arrivals = connection.nats.subscribe(subject, { queue: `chassis-${bridge}` });
  const carry = async (arrival: Msg) => {
    // With QoS 1 it is kept, too, and is read from there. Without the mark it is from no device.
    if (arrival.headers?.get(qualityHeader) !== "0") return;
    const mqttTopic = mqttTopicOf(arrival.subject);
    try {
      if (arrivals.getPending() > limits.window) throw new Error("too many are waiting");
      const message = messageFromDevice(
        route,
        { mqttTopic, payload: arrival.data, id: random.uuid() },
        clock,
      );
      await broker.publish([message]);
    } catch (error) {
      log.warn(`what a device sent with QoS 0 is lost: ${messageOf(error)}`, { mqttTopic });
    }
  };
  const carried = (async () => {
    for await (const arrival of arrivals) await carry(arrival);
  })();
  return {
    async close() {
      await arrivals.drain();
      await carried;
    },
  };
}

/** In which nats-server notes the quality of service that a device has asked for. */
const qualityHeader = "Nmqtt-Pub";
