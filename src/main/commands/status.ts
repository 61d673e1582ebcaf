import { isFakeNode, type Node, nodes, pods } from "#api";
import { messageOf } from "#base";
import { type Command, formatOf, formatted, type Invocation, outputOption, paint, table } from "#cli";
import type { Client } from "#client";
import { connect } from "#client/node";
import { kubeconfigPath, programsOf, supervisorFor } from "#cluster";
import { dataOption, existingCluster, layoutFor, thisMachine } from "../machine.ts";

/** What `status` says, also as JSON. */
interface ClusterStatus {
  readonly cluster: string;
  readonly data: string;
  readonly programs: readonly { readonly name: string; readonly running: boolean; readonly pid?: number }[];
  /** Absent when the API server does not answer. */
  readonly nodes?: readonly { readonly name: string; readonly ready: boolean }[];
  /** Absent when there are none. */
  readonly fakeNodes?: { readonly ready: number; readonly total: number };
  readonly pods?: { readonly running: number; readonly succeeded: number; readonly total: number };
  readonly problem?: string;
}

/** Exit code 0 when everything runs, 1 when something does not: fit for a script. */
export const statusCommand: Command = {
  name: "status",
  summary: "what runs, and what does not",
  usage: "",
  options: {
    ...dataOption,
    ...outputOption,
  },
  examples: [
    { line: "nacre status", what: "programs, nodes and pods" },
    { line: "nacre status -o json", what: "the same for programs" },
  ],
  async run(invocation) {
    const status = await read(invocation);
    const format = formatOf(invocation);
    invocation.output.out(format === "table" ? page(invocation, status) : formatted(status, format));
    const healthy =
      status.programs.every(({ running }) => running) && (status.nodes ?? []).some(({ ready }) => ready);
    return healthy ? 0 : 1;
  },
};

async function read(invocation: Invocation): Promise<ClusterStatus> {
  const host = thisMachine();
  const layout = layoutFor(invocation);
  const config = await existingCluster(host, layout);
  const supervisor = await supervisorFor(host, layout);
  const running = new Map((await supervisor.running()).map((program) => [program.name, program]));
  const base = {
    cluster: config.name,
    data: layout.data,
    programs: (await programsOf(host, layout)).map((name) => {
      const pid = running.get(name)?.pid;
      return { name, running: pid !== undefined, ...(pid === undefined ? {} : { pid }) };
    }),
  };
  const { client } = connect({ kubeconfigPath: kubeconfigPath(layout, "admin") });
  try {
    const [nodeList, podCounts] = await Promise.all([
      client.resource(nodes).list({ signal: soon(invocation) }),
      countPods(invocation, client),
    ]);
    const fakes = nodeList.items.filter(isFakeNode);
    return {
      ...base,
      nodes: nodeList.items
        .filter((node) => !isFakeNode(node))
        .map((node) => ({ name: node.metadata?.name ?? "", ready: isReady(node) })),
      ...(fakes.length === 0
        ? {}
        : { fakeNodes: { ready: fakes.filter(isReady).length, total: fakes.length } }),
      pods: podCounts,
    };
  } catch (error) {
    return { ...base, problem: `the API server does not answer: ${messageOf(error)}` };
  } finally {
    await client.close();
  }
}

/** Page by page: a cluster with fake nodes may have more pods than one answer should hold. */
async function countPods(
  invocation: Invocation,
  client: Client,
): Promise<NonNullable<ClusterStatus["pods"]>> {
  const counts = { running: 0, succeeded: 0, total: 0 };
  let next: string | undefined;
  do {
    const page = { limit: pageSize, signal: soon(invocation), ...(next ? { continue: next } : {}) };
    const { items, metadata } = await client.resource(pods).list(page);
    for (const { status } of items) {
      counts.total += 1;
      if (status?.phase === "Running") counts.running += 1;
      if (status?.phase === "Succeeded") counts.succeeded += 1;
    }
    next = metadata?.continue;
  } while (next);
  return counts;
}

const pageSize = 1_000;

/** How long the API server may take for one answer before it counts as down. */
function soon({ signal }: Invocation): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(3_000)]);
}

function isReady({ status }: Node): boolean {
  return status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}

function page(invocation: Invocation, status: ClusterStatus): string {
  const { output } = invocation;
  const mark = (good: boolean, yes: string, no: string) =>
    paint(output, good ? "green" : "red", good ? yes : no);
  const programRows = status.programs.map(({ name, running, pid }) => [
    name,
    String(pid ?? "-"),
    mark(running, "running", "stopped"),
  ]);
  const lines = [
    `Cluster ${paint(output, "bold", status.cluster)} in ${status.data}`,
    "",
    table(["PROGRAM", "PID", "STATE"], programRows).trimEnd(),
  ];
  if (status.nodes) {
    lines.push(
      "",
      table(
        ["NODE", "STATE"],
        status.nodes.map(({ name, ready }) => [name, mark(ready, "Ready", "NotReady")]),
      ).trimEnd(),
    );
  }
  if (status.fakeNodes) {
    const { ready, total } = status.fakeNodes;
    lines.push("", `Fake nodes ready: ${mark(ready === total, `${ready}`, `${ready}`)} of ${total}.`);
  }
  if (status.pods) {
    const { running, succeeded, total } = status.pods;
    const done = succeeded > 0 ? `; ${succeeded} more have completed` : "";
    lines.push("", `Pods running: ${running} of ${total - succeeded}${done}.`);
  }
  if (status.problem)
    lines.push("", paint(output, "red", status.problem), "Start what is stopped with: nacre up");
  return `${lines.join("\n")}\n`;
}
