import type { NodeConnectionOptions } from "@nats-io/transport-node";
import type { Clock, Logger, Random } from "#base";
import type { Broker } from "../broker.ts";

export interface NatsBrokerOptions {
  /** `nats://127.0.0.1:4222`; several, to go on with another when one dies. */
  readonly servers: string | readonly string[];
  /** Who is connected, as the server's lists show it. */
  readonly name?: string;
  /** Servers that keep each message. One server writes, but does not flush, before it acknowledges: see the guide. */
  readonly replicas?: number;
  /** Whatever else `@nats-io/transport-node` takes: credentials, certificates. */
  readonly connection?: NodeConnectionOptions;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Logger;
}

export interface NatsBroker extends Broker {
  /** Ends the connection. Subscriptions are closed before. */
  close(): Promise<void>;
}

/**
 * Messages in streams of NATS JetStream. Resolves when there is a connection. NATS' client is loaded now, and not by those
 * who only import this.
 */
export async function natsBroker(options: NatsBrokerOptions): Promise<NatsBroker> {
  const { openBroker } = await import("./open-broker.ts");
  return openBroker(options);
}
