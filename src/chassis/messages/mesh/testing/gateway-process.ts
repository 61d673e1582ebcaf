import { natsBroker } from "../../nats/nats-broker.ts";
import { gateway } from "../gateway.ts";

/*
 * A gateway as a process of its own, to be killed. Its argument says, in JSON, what it is; it prints the site of each
 * neighbour whose link stands.
 */

export interface GatewayProcessOptions {
  readonly site: string;
  readonly servers: string;
  readonly neighbours: readonly { readonly site: string; readonly servers: string }[];
  readonly topics: readonly string[];
}

const { site, servers, neighbours, topics }: GatewayProcessOptions = JSON.parse(process.argv[2] as string);
const { links } = gateway({
  site,
  topics,
  broker: await natsBroker({ servers }),
  neighbours: neighbours.map((neighbour) => ({
    site: neighbour.site,
    open: () => natsBroker({ servers: neighbour.servers }),
  })),
});
for (const [neighbour, standing] of links) standing.then(() => console.log(neighbour));
