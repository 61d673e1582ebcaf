export type { Broker, Delivery, Reader, SubscribeOptions, Subscription } from "./broker.ts";
export type { CloudEvent } from "./cloud-event.ts";
export { type DeadLetter, type DeadLetters, PutAside, putAside, type WhichLetters } from "./dead-letters.ts";
export type { Marks, Step } from "./marks.ts";
export { type MemoryBroker, type MemoryBrokerOptions, memoryBroker } from "./memory-broker.ts";
export {
  type Gateway,
  type GatewayOptions,
  gateway,
  type Neighbour,
  type OpenedBroker,
} from "./mesh/gateway.ts";
export { composer, type Draft, keyOf, type Message, type SenderOptions } from "./message.ts";
export {
  type DeviceMessage,
  type FromDevices,
  type MqttBridge,
  type MqttBridgeOptions,
  type MqttPublisher,
  mqttBridge,
  type ToDevices,
} from "./nats/mqtt/mqtt-bridge.ts";
export { type NatsBroker, type NatsBrokerOptions, natsBroker } from "./nats/nats-broker.ts";
export { type PostgresBrokerOptions, postgresBroker } from "./postgres/postgres-broker.ts";
export { messagesSchema } from "./postgres/schema.ts";
export type { AnswerOptions, Asked, Reply, Request, Requests } from "./requests/requests.ts";
export type { Missed } from "./schedules/due.ts";
export { type ScheduleOptions, schedule } from "./schedules/schedule.ts";
export type { Every } from "./schedules/ticks.ts";
