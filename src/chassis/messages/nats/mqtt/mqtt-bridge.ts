import type { NodeConnectionOptions } from "@nats-io/transport-node";
import type { Clock, Logger, Random } from "#base";
import type { Broker } from "../../broker.ts";
import type { CloudEvent } from "../../cloud-event.ts";

export interface MqttBridgeOptions {
  /** The bridge, in place of its copies, which share the work. What it has not carried yet is kept under this name. */
  readonly name: string;
  /** The servers whose listener (`mqtt { … }`) devices connect to. */
  readonly servers: string | readonly string[];
  /** Servers that keep what devices send: those of the listener's streams. */
  readonly replicas?: number;
  /** Whatever else `@nats-io/transport-node` takes: credentials, certificates. */
  readonly connection?: NodeConnectionOptions;
  /** Where topics are. It may be another than the listener's. */
  readonly broker: Broker;
  readonly fromDevices: readonly FromDevices[];
  readonly toDevices?: ToDevices;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Logger;
}

/** What devices publish under a filter becomes messages of a topic. */
export interface FromDevices {
  /** `sensors/+/temperature`, `alarms/#`. */
  readonly filter: string;
  readonly topic: string;
  /** Of what a device sends that is no CloudEvent: what happened. */
  readonly type: string;
  /** Messages that share it keep their order. By default the MQTT topic. */
  readonly key?: (mqttTopic: string) => string;
}

/** What services say in topics is published to devices. */
export interface ToDevices {
  /** `await connectAsync("mqtt://…")` of the package `mqtt` is one. */
  readonly client: MqttPublisher;
  readonly topics: readonly {
    readonly topic: string;
    /** Where it goes; nowhere, when it is not for devices. */
    readonly publish: (event: CloudEvent) => DeviceMessage | undefined;
  }[];
}

export interface DeviceMessage {
  readonly mqttTopic: string;
  /** By default the whole event, as JSON. */
  readonly payload?: string | Buffer;
  /** The last one of its MQTT topic is given to whoever subscribes later. */
  readonly retain?: boolean;
}

export interface MqttPublisher {
  /** Resolves when the server has acknowledged. */
  publishAsync(
    topic: string,
    payload: string | Buffer,
    options: { readonly qos: 1; readonly retain: boolean },
  ): Promise<unknown>;
}

export interface MqttBridge {
  /** Carries no more, and resolves when what is in hand is carried. */
  close(): Promise<void>;
}

/**
 * Carries messages between devices that speak MQTT 3.1.1 and topics. Resolves when the bridge stands: from then on
 * nothing that a device sends with QoS 1 and that was acknowledged to it is lost, whether or not a copy runs.
 */
export async function mqttBridge(options: MqttBridgeOptions): Promise<MqttBridge> {
  const { openBridge } = await import("./open-bridge.ts");
  return openBridge(options);
}
