export { type Database, database, type Session, type Transaction } from "../database/database.ts";
export { migrate, type Schema } from "../database/migrate.ts";
export { checkChoreography } from "./choreography/check.ts";
export {
  type ParticipantOptions,
  participate,
  type Reaction,
  type Reactions,
  type Said,
} from "./choreography/choreography.ts";
export type { Choreography } from "./choreography/definition.ts";
export { drawChoreography } from "./choreography/draw.ts";
export {
  type Aggregates,
  type AggregatesOptions,
  aggregates,
  type ChangeOptions,
  type Decide,
  type InlineProjection,
} from "./events/aggregates.ts";
export type { AggregateDefinition, EventOf, Loaded, SnapshotPolicy } from "./events/definition.ts";
export type { RecordedEvent } from "./events/log.ts";
export { eventsSchema } from "./events/schema.ts";
export {
  type Idempotency,
  type IdempotencyOptions,
  idempotency,
  type KeyedRequest,
} from "./idempotency/idempotency.ts";
export { idempotencySchema } from "./idempotency/schema.ts";
export { type ConsumeOptions, consume, type Patience } from "./inbox/consume.ts";
export { type Inbox, type InboxOptions, inbox, type Once } from "./inbox/inbox.ts";
export { inboxSchema } from "./inbox/schema.ts";
export { drain } from "./outbox/drain.ts";
export { type LogRelayOptions, logRelay, type SlotGivenUp } from "./outbox/log-relay.ts";
export { notifyRelay } from "./outbox/notify-relay.ts";
export { type Outbox, type OutboxOptions, outbox } from "./outbox/outbox.ts";
export { pollingRelay } from "./outbox/polling-relay.ts";
export type { Relay, RelayOptions } from "./outbox/relay.ts";
export { outboxSchema } from "./outbox/schema.ts";
export type { Apply, ApplyBatch, Projection } from "./projections/definition.ts";
export { inline } from "./projections/inline.ts";
export { retire } from "./projections/installed.ts";
export type { Lag } from "./projections/lag.ts";
export { type Projector, type ProjectorOptions, projector } from "./projections/projector.ts";
export { projectionSchema } from "./projections/schema.ts";
export type { Instance } from "./saga/decide.ts";
export type { Cell, Final, Move, SagaDefinition, Timeout, Waiting } from "./saga/definition.ts";
export { drawSaga } from "./saga/draw.ts";
export { type Orchestrator, type OrchestratorOptions, orchestrator } from "./saga/orchestrator.ts";
export { sagaSchema } from "./saga/schema.ts";
