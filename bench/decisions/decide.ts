import { seededRandom } from "#base";
import { Cluster } from "../../src/scheduler/framework/cluster.ts";
import { Placer } from "../../src/scheduler/framework/place.ts";
import { defaultProfile } from "../../src/scheduler/plugins/registry.ts";
import { type Measurement, measurement } from "../row.ts";
import { cpuMsSince } from "./cpu-time.ts";
import { nodeOf, podOf, type Sort } from "./objects.ts";

const rounds = 5;
const pods = 10_000;

/**
 * Decisions alone: which node, one pod after another, nothing written. Per second of CPU time of this process, collection of garbage
 * included, so that neighbours on the machine do not count.
 */
export function measureDecisions(sort: Sort, nodes: number): Measurement {
  decide(sort, nodes);
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(decide(sort, nodes));
    bare.push(loop(nodes));
  }
  return measurement(ours, bare);
}

/** In as many clusters, one after another, as these pods fill. */
function decide(sort: Sort, nodes: number): number {
  const perCluster = Math.min(pods, nodes * (sort === "anti-affinity" ? 1 : 30));
  let cpuMs = 0;
  for (let cluster = 0; cluster < pods / perCluster; cluster += 1) cpuMs += fill(sort, nodes, perCluster);
  return (pods / cpuMs) * 1000;
}

/** The CPU time of placing the pods. */
function fill(sort: Sort, nodes: number, count: number): number {
  const cluster = new Cluster();
  for (let at = 0; at < nodes; at += 1) cluster.setNode(nodeOf(at));
  const placer = new Placer(defaultProfile, cluster, seededRandom(1));
  const waiting = Array.from({ length: count }, (_, at) => podOf(sort, at));
  const began = process.cpuUsage();
  for (const pod of waiting) {
    const facts = cluster.factsOf(pod);
    const placement = placer.place(facts);
    if (placement.type === "unschedulable") throw new Error(`${facts.key} found no node among ${nodes}`);
    cluster.assume(facts, placement.node);
  }
  return cpuMsSince(began);
}

/** What it costs at least to look at every node. */
function loop(nodes: number): number {
  const cpu = new Float64Array(nodes).fill(32_000);
  const memory = new Float64Array(nodes).fill(64 * 2 ** 30);
  const began = process.cpuUsage();
  for (let pod = 0; pod < pods; pod += 1) {
    let best = 0;
    for (let node = 0; node < nodes; node += 1) {
      if ((memory[node] as number) < 2 ** 20 || (cpu[node] as number) < 10) continue;
      if ((cpu[node] as number) > (cpu[best] as number)) best = node;
    }
    cpu[best] = (cpu[best] as number) - 10;
    memory[best] = (memory[best] as number) - 2 ** 20;
  }
  return (pods / cpuMsSince(began)) * 1000;
}
