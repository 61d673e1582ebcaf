import { nodes, pods } from "#api";
import type { Client } from "#client";
import { type Capacity, capacityOf } from "./capacity.ts";
import { readUsage } from "./usage.ts";

/** Asks a cluster, any Kubernetes, for its capacity. */
export async function readCapacity(
  client: Client,
  options: { readonly signal: AbortSignal },
): Promise<Capacity> {
  const [nodeList, podList] = await Promise.all([
    client.resource(nodes).list(options),
    client.resource(pods).list(options),
  ]);
  const names = nodeList.items.map(({ metadata }) => metadata?.name ?? "");
  const usage = await readUsage(client, names, options);
  return capacityOf({ nodes: nodeList.items, pods: podList.items, usage });
}
