import type { Clock, Logger, Metrics, Random } from "#base";
import type { Client, EventRecorder, Informers } from "#client";

/** What every controller gets. */
export interface ControllerContext {
  /** Writes through it are in the informers at once. */
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** A recorder of events that speaks as `component`: `deployment-controller`. */
  readonly recorder: (component: string) => EventRecorder;
  readonly signal: AbortSignal;
}
