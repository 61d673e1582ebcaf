import { csiNodes, type Node } from "#api";
import { isAlreadyExists } from "#base";
import type { Client } from "#client";

/** Says that the node has no storage drivers yet: drivers that come as workloads add themselves, and the scheduler goes by it. */
export async function createCsiNode(client: Client, { metadata }: Node, signal: AbortSignal): Promise<void> {
  const { name = "", uid = "" } = metadata ?? {};
  const ownerReferences = [{ apiVersion: "v1", kind: "Node", name, uid }];
  await client
    .resource(csiNodes)
    .create({ metadata: { name, ownerReferences }, spec: { drivers: [] } }, { signal })
    .catch((error) => {
      if (!isAlreadyExists(error)) throw error;
    });
}
