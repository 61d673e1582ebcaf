export * from "./cache.ts";
export * from "./client.ts";
export { type ClientOptions, createClient } from "./create-client.ts";
export { discover } from "./discovery.ts";
export {
  createEventRecorder,
  type EventNote,
  type EventRecorder,
  type EventRecorderOptions,
} from "./events/event-recorder.ts";
export { Informer, type InformerHandler, type InformerOptions } from "./informer.ts";
export { type InformerSelection, Informers, type InformersOptions } from "./informers.ts";
export { only } from "./keep.ts";
export { compareRevisions } from "./revisions.ts";
export { type ProgramOptions, runAsLeader } from "./run-as-leader.ts";
export { SharedParts } from "./shared-parts.ts";
export { connectionFailed, isNamespaceTerminating } from "./status.ts";
export { WorkQueue, type WorkQueueOptions } from "./work-queue.ts";
