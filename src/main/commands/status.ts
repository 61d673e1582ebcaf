import { nodes, pods } from "#api";
import { messageOf } from "#base";
import { type Command, formatOf, formatted, type Invocation, outputOption, paint, table } from "#cli";
import { connect } from "#client/node";
import { kubeconfigPath, programs, supervisorFor } from "#cluster";
import { dataOption, existingCluster, layoutFor, thisMachine } from "../machine.ts";

/** What `status` says, also as JSON. */
interface ClusterStatus {
  readonly cluster: string;
  readonly data: string;
  readonly programs: readonly { readonly name: string; readonly running: boolean; readonly pid?: number }[];
  /** Absent when the API server does not answer. */
  readonly nodes?: readonly { readonly name: string; readonly ready: boolean }[];
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
    programs: programs.map((name) => {
      const pid = running.get(name)?.pid;
      return { name, running: pid !== undefined, ...(pid === undefined ? {} : { pid }) };
    }),
  };
  const { client } = connect({ kubeconfigPath: kubeconfigPath(layout, "admin") });
  const deadline = AbortSignal.any([invocation.signal, AbortSignal.timeout(3_000)]);
  try {
    const [nodeList, podList] = await Promise.all([
      client.resource(nodes).list({ signal: deadline }),
      client.resource(pods).list({ signal: deadline }),
    ]);
    return {
      ...base,
      nodes: nodeList.items.map((node) => ({
        name: node.metadata?.name ?? "",
        ready:
          node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false,
      })),
      pods: {
        running: podList.items.filter((pod) => pod.status?.phase === "Running").length,
        succeeded: podList.items.filter((pod) => pod.status?.phase === "Succeeded").length,
        total: podList.items.length,
      },
    };
  } catch (error) {
    return { ...base, problem: `the API server does not answer: ${messageOf(error)}` };
  } finally {
    await client.close();
  }
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
  if (status.pods) {
    const { running, succeeded, total } = status.pods;
    const done = succeeded > 0 ? `; ${succeeded} more have completed` : "";
    lines.push("", `Pods running: ${running} of ${total - succeeded}${done}.`);
  }
  if (status.problem)
    lines.push("", paint(output, "red", status.problem), "Start what is stopped with: nacre up");
  return `${lines.join("\n")}\n`;
}
