import { seededRandom } from "#base";
import { Cluster } from "../../src/scheduler/framework/cluster.ts";
import { Placer } from "../../src/scheduler/framework/place.ts";
import { defaultProfile } from "../../src/scheduler/plugins/registry.ts";
import { cpuMsSince } from "./cpu-time.ts";
import { nodeOf, podOf, serviceOf } from "./objects.ts";

export const changes = ["pod", "node", "service"] as const;

/** What changes before the decision: a pod went, a node got another label, a service got another selector. */
export type Change = (typeof changes)[number];

const times = 5_000;
const warmUp = 500;

/** Microseconds of CPU time for taking in one change and the decision after it, in a cluster with as many services as nodes. */
export function measureChange(change: Change, nodes: number): number {
  const cluster = new Cluster();
  for (let at = 0; at < nodes; at += 1) {
    cluster.setNode(nodeOf(at));
    cluster.listers.services.set(serviceOf(at));
  }
  const placer = new Placer(defaultProfile, cluster, seededRandom(1));
  let began = process.cpuUsage();
  for (let at = 0; at < warmUp + times; at += 1) {
    if (at === warmUp) began = process.cpuUsage();
    happen(change, at, { cluster, nodes });
    const facts = cluster.factsOf(podOf("spread", at));
    const placement = placer.place(facts);
    if (placement.type === "unschedulable") throw new Error(`${facts.key} found no node among ${nodes}`);
    cluster.assume(facts, placement.node);
  }
  return (cpuMsSince(began) / times) * 1000;
}

interface World {
  readonly cluster: Cluster;
  readonly nodes: number;
}

function happen(change: Change, at: number, { cluster, nodes }: World): void {
  // Pods go as they come, so that the cluster does not fill.
  cluster.removePod(`uid-${at - warmUp}`);
  if (change === "node") {
    const node = nodeOf(at % nodes);
    cluster.setNode({
      ...node,
      metadata: { ...node.metadata, labels: { ...node.metadata?.labels, at: `${at}` } },
    });
  }
  if (change === "service") {
    cluster.listers.services.set({
      ...serviceOf(at % nodes),
      spec: { selector: { app: `app-${at + nodes}` } },
    });
  }
}
