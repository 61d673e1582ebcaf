import { nodes, pods } from "#api";
import type { Invocation } from "#cli";
import type { ClusterContents } from "#simulator";
import { withClient } from "./reach.ts";

/** What the cluster that is meant has now. Reads only. */
export async function liveCluster(invocation: Invocation): Promise<ClusterContents> {
  const { signal } = invocation;
  const { clusterContents, workloadKinds } = await import("#simulator");
  return withClient(invocation, async (client) => {
    const [nodeList, podList, ...lists] = await Promise.all([
      client.resource(nodes).list({ signal }),
      client.resource(pods).list({ signal }),
      ...workloadKinds.map((kind) => client.resource(kind).list({ signal })),
    ]);
    return clusterContents({
      nodes: nodeList.items,
      pods: podList.items,
      objects: workloadKinds.map((resource, index) => ({ resource, items: lists[index]?.items ?? [] })),
    });
  });
}
