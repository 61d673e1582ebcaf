import type { Clock, Logger, Random } from "#base";
import type { Client } from "#client";

/** What a node has from being switched on until it is off: its clock and its way to the API. */
export interface NodePower {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Runs what the node learns from the API: when the way is there, and the node is awake. */
  hear(news: () => void): void;
  /** Switches it off: nothing happens on it any more. */
  off(): void;
}
