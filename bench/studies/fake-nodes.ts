import { silentLogger, systemClock } from "#base";
import { runningPrograms } from "#cluster";
import { createHost } from "#host";
import { aligned, digits } from "../aligned.ts";
import type { BenchCluster } from "../cluster/bench-cluster.ts";
import { type Usage, usageOf, usageOfProcesses } from "../cluster/process-tree.ts";
import { makeNamespace, podsPath } from "../cluster/resting-pods.ts";
import type { Endpoint, LoadResult } from "../load/load.ts";
import type { Study } from "./study.ts";

/** What many fake nodes with many pods cost on one machine: every part of the cluster knows all of them. */
export const fakeNodes: Study = {
  name: "fake-nodes",
  what: "1,000 fake nodes and 100,000 pods on them: how fast they come, and the memory of all programs",
  async run(context, say) {
    const cluster = await context.cluster();
    say(`${count.nodes} nodes`);
    const nodesS = await seconds(() =>
      cluster.machine.up("--fake-nodes", String(count.nodes), "--timeout", "120"),
    );
    await makeNamespace(cluster, namespace);
    const unused = await usageByProgram(cluster);
    const began = performance.now();
    let accepting = 0;
    let answerBytes = 0;
    for (let done = 0; done < count.pods; done += chunk) {
      const { endpoint } = cluster;
      const requests = { path: podsPath(namespace), prefix: `pod-${done}`, goTo: "fake-nodes" } as const;
      const { seconds: taken, ...created } = await createSome(cluster, requests, endpoint);
      accepting += taken;
      answerBytes = created.answerBytes;
      await cluster.run("pods/await-running.ts", { endpoint, namespace });
      say(`${done + chunk} pods run, ${digits(chunk / taken)}/s accepted, ${await memoryLine(cluster)}`);
    }
    const runningS = (performance.now() - began) / 1000;
    const busy = await usageOf(cluster.layout);
    const used = await usageByProgram(cluster);
    const cpuPerPod = mapValues(used, ({ cpuSeconds }, name) => {
      return ((cpuSeconds - (unused[name]?.cpuSeconds ?? 0)) * 1000) / count.pods;
    });
    // Collectors give back what they can while nothing happens.
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    const memory = mapValues(await usageByProgram(cluster), ({ memoryMb }) => memoryMb);
    const atRest = await usageOf(cluster.layout);
    const before = atRest.cpuSeconds;
    await new Promise((resolve) => setTimeout(resolve, observedMs));
    const after = (await usageOf(cluster.layout)).cpuSeconds;
    const bare = await createSome(
      cluster,
      { path: `/durable/${answerBytes}`, prefix: "pod" },
      cluster.bare["http/1.1"],
    );
    const json = {
      ...count,
      nodesPerSecond: count.nodes / nodesS,
      podsAcceptedPerSecond: count.pods / accepting,
      bareAcceptedPerSecond: bare.perSecond,
      podsRunningPerSecond: count.pods / runningS,
      memoryMb: atRest.memoryMb,
      memoryBusyMb: busy.memoryMb,
      restingCpuPercent: ((after - before) / observedMs) * 100_000,
      programs: memory,
      cpuMsPerPod: cpuPerPod,
    };
    const lines = [
      ["", "measured", "budget"],
      ["nodes made and ready", `${digits(json.nodesPerSecond)}/s`, ""],
      ["pods created through the API", `${digits(json.podsAcceptedPerSecond)}/s`, "2,000/s"],
      [
        "  the same by plain Node, with nobody who hears of it",
        `${digits(json.bareAcceptedPerSecond)}/s`,
        "",
      ],
      ["pods created, placed and running", `${digits(json.podsRunningPerSecond)}/s`, ""],
      ["memory of all programs, at rest", `${digits(json.memoryMb)} MB`, "1,500 MB"],
      ["memory of all programs, when the last pod ran", `${digits(json.memoryBusyMb)} MB`, "1,500 MB"],
      ["CPU at rest, of one core", `${digits(json.restingCpuPercent)} %`, ""],
      ...Object.entries(memory).map(([name, mb]) => [`  memory of ${name}`, `${digits(mb)} MB`, ""]),
      ...Object.entries(cpuPerPod).map(([name, ms]) => [
        `  CPU of ${name}, for each pod`,
        `${digits(ms)} ms`,
        "",
      ]),
    ];
    return { text: aligned(lines), json, failures: 0 };
  },
};

/** Fewer, to see where it leads: `NACRE_FAKE_PODS=20000`, a multiple of 10,000. */
const count = { nodes: 1_000, pods: Number(process.env.NACRE_FAKE_PODS ?? 100_000) };
const namespace = "bench-fake";
/** As many as come to run in less than the time that a program of the bench may take. */
const chunk = 10_000;
const settleMs = 20_000;
const observedMs = 10_000;

function createSome(
  cluster: BenchCluster,
  requests: { path: string; prefix: string; goTo?: "fake-nodes" },
  endpoint: Endpoint,
): Promise<LoadResult> {
  const until = { count: chunk };
  return cluster.load(
    { protocol: "http/1.1", connections: 16, requests: { type: "create-pods", ...requests }, until },
    endpoint,
  );
}

async function usageByProgram({ layout }: BenchCluster): Promise<Record<string, Usage>> {
  const host = createHost({ clock: systemClock, logger: silentLogger });
  const programs = await runningPrograms(host, layout);
  return Object.fromEntries(
    programs.map(({ name, pid }) => [name, usageOfProcesses(pid === undefined ? [] : [pid])]),
  );
}

async function memoryLine(cluster: BenchCluster): Promise<string> {
  return Object.entries(await usageByProgram(cluster))
    .map(([name, { memoryMb }]) => `${name} ${Math.round(memoryMb)} MB`)
    .join(", ");
}

function mapValues<T>(of: Record<string, T>, to: (value: T, name: string) => number): Record<string, number> {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [name, to(value, name)]));
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
