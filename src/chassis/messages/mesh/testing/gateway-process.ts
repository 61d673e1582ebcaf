import type { Broker } from "../../broker.ts";
import { natsBroker } from "../../nats/nats-broker.ts";
import { gateway } from "../gateway.ts";

/*
 * A gateway as a process of its own, to be killed. Its argument says, in JSON, what it is; it prints the site of each
 * neighbour whose link stands, and the key of what it holds.
 */

export interface GatewayProcessOptions {
  readonly site: string;
  readonly servers: string;
  readonly neighbours: readonly { readonly site: string; readonly servers: string }[];
  readonly topics: readonly string[];
  /** One of its messages it carries for ever: for those who want to kill it with something in hand. */
  readonly holds?: "before it is said" | "after it is said";
}

const { site, servers, neighbours, topics, holds }: GatewayProcessOptions = JSON.parse(
  process.argv[2] as string,
);
const { links } = gateway({
  site,
  topics,
  broker: holding(await natsBroker({ servers })),
  neighbours: neighbours.map((neighbour) => ({
    site: neighbour.site,
    open: () => natsBroker({ servers: neighbour.servers }),
  })),
});
for (const [neighbour, standing] of links) standing.then(() => console.log(`standing ${neighbour}`));

function holding({ publish }: Broker): Pick<Broker, "publish"> {
  let published = 0;
  return {
    async publish(messages) {
      published += 1;
      // Not the first: something is to be behind it already.
      const isHeld = holds !== undefined && published === 5;
      if (!isHeld || holds === "after it is said") await publish(messages);
      if (!isHeld) return;
      console.log(`holding ${messages[0]?.event.partitionkey}`);
      await new Promise(() => {});
    },
  };
}
