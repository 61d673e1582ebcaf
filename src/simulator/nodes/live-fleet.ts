import type { Transport } from "#api";
import type { Clock, Logger, Random } from "#base";
import { createClient } from "#client";
import type { Behaviour } from "./behaviour.ts";
import { Fleet } from "./fleet.ts";

export interface LiveFleetOptions {
  /**
   * To the API server, as somebody who may write nodes, their leases and the status of all pods. All nodes share it, and with it the bound on
   * requests under way that it has (`httpsTransport`: 16).
   */
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Switches all nodes off. */
  readonly signal: AbortSignal;
  readonly behaviour: Behaviour;
}

/** Simulated nodes in a real cluster: the same that the simulator plays, by the machine's clock and over its network. */
export function liveFleet(options: LiveFleetOptions): Fleet {
  const { transport, clock, random, logger, signal, behaviour } = options;
  const client = createClient({ transport, fieldManager: "kubelet", clock, random });
  return new Fleet({
    client,
    clock,
    random,
    logger,
    signal,
    behaviourOf: () => behaviour,
    power(shape) {
      const off = new AbortController();
      signal.addEventListener("abort", () => off.abort(), { once: true, signal: off.signal });
      return {
        client,
        clock,
        random,
        logger: logger.with({ node: shape.name }),
        signal: off.signal,
        hear: (news) => queueMicrotask(news),
        off: () => off.abort(),
      };
    },
  });
}
