import type { Clock, Logger, Metrics, Random } from "#base";
import type { Client } from "./client.ts";
import { runLeaderElection } from "./leader-election.ts";

/** What a program is started with that watches the cluster and acts on it. */
export interface ProgramOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Ends the program. */
  readonly signal: AbortSignal;
  /**
   * Who this is, when several may run: only the leader works. The same after a restart, so that a restart does not wait for
   * its own lease. Without it the work begins at once.
   */
  readonly identity?: string;
}

/** Runs `work` until the program's signal aborts; when several may run, while this one leads. `name`: of the lease. */
export async function runAsLeader(
  name: string,
  options: ProgramOptions,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { identity } = options;
  if (identity === undefined) await work(options.signal);
  else await runLeaderElection({ ...options, identity, name, namespace: "kube-system", lead: work });
}
