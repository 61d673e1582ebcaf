import { badRequest, type Clock } from "#base";
import type { CloudEvent } from "../../cloud-event.ts";
import { limits } from "../../limits.ts";
import type { Message } from "../../message.ts";
import type { FromDevices } from "./mqtt-bridge.ts";

/** What a device has published, as the listener keeps it. */
export interface DevicePublication {
  readonly mqttTopic: string;
  readonly payload: Uint8Array;
  /** The same one, when it is read again, has the same. */
  readonly id: string;
}

/**
 * A publication as a message. MQTT 3.1.1 has no headers, so a CloudEvent is one that stands whole in the payload, as JSON
 * (CloudEvents' MQTT binding, 3.2). Anything else is what an event is about: JSON as it is, other text as text, bytes
 * in base64 (CloudEvents' JSON format, 3.1).
 */
export function messageFromDevice(
  route: FromDevices,
  { mqttTopic, payload, id }: DevicePublication,
  clock: Clock,
): Message {
  const content = read(payload);
  const key = route.key?.(mqttTopic) ?? mqttTopic;
  const time = new Date(clock.now()).toISOString();
  const event =
    "json" in content && isEvent(content.json)
      ? ({ partitionkey: key, time, ...content.json } as CloudEvent)
      : ({
          specversion: "1.0",
          id,
          source: "/mqtt",
          type: route.type,
          time,
          subject: mqttTopic,
          partitionkey: key,
          ...dataOf(content),
        } satisfies CloudEvent);
  const bytes = Buffer.byteLength(JSON.stringify(event));
  if (bytes > limits.eventBytes)
    throw badRequest(
      `cannot carry what was published to ${mqttTopic}: ${bytes} of ${limits.eventBytes} bytes`,
    );
  return { topic: route.topic, event };
}

type Content = { readonly json: unknown } | { readonly text: string } | { readonly bytes: Uint8Array };

function read(payload: Uint8Array): Content {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(payload);
    try {
      return { json: JSON.parse(text) };
    } catch {
      return { text };
    }
  } catch {
    return { bytes: payload };
  }
}

function dataOf(
  content: Content,
): Pick<CloudEvent, "data" | "datacontenttype"> & { readonly data_base64?: string } {
  if ("bytes" in content) return { data_base64: Buffer.from(content.bytes).toString("base64") };
  return { datacontenttype: "application/json", data: "json" in content ? content.json : content.text };
}

function isEvent(value: unknown): value is Partial<CloudEvent> {
  const event = value as Partial<Record<string, unknown>> | null;
  const isText = (attribute: string) => typeof event?.[attribute] === "string" && event[attribute] !== "";
  const isTextOrAbsent = (attribute: string) => event?.[attribute] === undefined || isText(attribute);
  return (
    event?.specversion === "1.0" &&
    ["id", "source", "type"].every(isText) &&
    ["partitionkey", "time", "subject"].every(isTextOrAbsent) &&
    // When devices' messages are seen is not theirs to say.
    event.notbefore === undefined
  );
}
