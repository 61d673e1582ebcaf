import { hostname } from "node:os";
import { badRequest } from "#base";
import {
  type Command,
  flag,
  formatOf,
  formatted,
  type Invocation,
  listOption,
  outputOption,
  paint,
  progress,
  stringOption,
} from "#cli";
import {
  type ClusterConfig,
  defaultPort,
  differences,
  findShortage,
  networkOf,
  newClusterConfig,
  programsOf,
  readClusterConfig,
  type Shortage,
  supervisorFor,
} from "#cluster";
import { gatewayAddress, requireFreeRanges } from "#network";
import { bringUpOrNothing } from "../bring-up.ts";
import { requireEmptyData, requireKeys } from "../data-directory.ts";
import { commandLine, dataOption, layoutFor, requireRoot, thisMachine } from "../machine.ts";
import { supply } from "../supply.ts";
import { addToKubeconfig } from "../user-kubeconfig.ts";

/** A cluster on this machine: makes it the first time, starts it when it is down, changes nothing when it is up. */
export const upCommand: Command = {
  name: "up",
  summary: "start the cluster on this machine",
  usage: "",
  options: {
    ...dataOption,
    name: { type: "string", value: "NAME", description: "name of a new cluster (default nacre)" },
    "node-name": {
      type: "string",
      value: "NAME",
      description: "name of this node (default: the host's name)",
    },
    listen: {
      type: "string",
      multiple: true,
      value: "ADDRESS",
      description:
        "also serve the API and node ports on this address; 0.0.0.0 for all (default: this machine alone)",
    },
    port: { type: "string", value: "PORT", description: `port of the API (default ${defaultPort})` },
    "fake-nodes": {
      type: "string",
      value: "COUNT",
      description: "have so many simulated nodes beside the real one, more or fewer than before; 0 for none",
    },
    example: {
      type: "string",
      choices: ["hello"],
      description: "deploy an example when the cluster is up",
    },
    timeout: {
      type: "string",
      value: "SECONDS",
      description: "how long the cluster may take to become ready, for slow machines (default 60)",
    },
    yes: { type: "boolean", short: "y", description: "install what the machine lacks without asking" },
    "dry-run": { type: "boolean", description: "say what would be done, and do nothing" },
    ...outputOption,
  },
  examples: [
    { line: "nacre up", what: "a cluster, reachable from this machine alone" },
    { line: "nacre up --listen 0.0.0.0", what: "a new cluster that other machines can reach" },
    {
      line: "nacre up --fake-nodes 100",
      what: "the same with a hundred nodes to place pods on, none of them real",
    },
    { line: "nacre up --dry-run", what: "what is missing, and what would be started" },
  ],
  run: up,
};

async function up(invocation: Invocation): Promise<number> {
  const { output, clock, signal } = invocation;
  const host = thisMachine();
  const layout = layoutFor(invocation);
  const steps = progress(output, clock);
  if (!flag(invocation, "dry-run")) requireRoot("nacre up");
  const timeoutMs = readyTimeoutMs(invocation);
  const fakeNodes = fakeNodeCount(invocation);
  const existing = await readClusterConfig(host, layout.config);
  const config = existing ?? chosen(invocation);
  const running = existing ? await (await supervisorFor(host, layout)).running() : [];
  const shortage = await findShortage(host, invocation.environment.PATH ?? "");
  if (existing) noteDifferences(invocation, existing);
  // Where programs are missing, it cannot be asked yet: it is again when the network is prepared.
  if (running.length === 0 && shortage.missing.length === 0)
    await requireFreeRanges(host, networkOf(config, layout, gatewayAddress(config)));
  await (existing ? requireKeys(host, layout) : requireEmptyData(host, layout));
  const before = await programsOf(host, layout);
  if (flag(invocation, "dry-run"))
    return preview(invocation, config, { shortage, stopped: before.length - running.length, fakeNodes });

  await supply(invocation, host, shortage);
  const began = clock.monotonicMs();
  const kubeconfig = await bringUpOrNothing(host, layout, config, {
    invocation,
    running: running.length,
    existing: existing !== undefined,
    timeoutMs,
    simulates: before.includes("fake-nodes") || (fakeNodes ?? 0) > 0,
  });
  const simulated =
    fakeNodes === undefined
      ? undefined
      : await (await import("../fake-node-count.ts")).haveFakeNodes(host, layout, {
          count: fakeNodes,
          kubeconfig: kubeconfig.path,
          steps,
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        });
  const user = await addToKubeconfig(host, invocation.environment, {
    layout,
    text: kubeconfig.text,
  });
  const ready = ((clock.monotonicMs() - began) / 1000).toFixed(2);
  const wasUp = running.length === before.length;
  const changed = !wasUp || user.changed || (simulated?.changed ?? false);
  if (wasUp && simulated?.changed)
    output.note(`Cluster ${paint(output, "bold", config.name)} has ${simulated.count} fake nodes now.\n`);
  else if (wasUp)
    output.note(`Cluster ${paint(output, "bold", config.name)} is up already; nothing was changed.\n`);
  else output.note(`Cluster ${paint(output, "bold", config.name)} is ready after ${ready} s.\n`);

  const name = stringOption(invocation, "example");
  const example =
    name === undefined
      ? undefined
      : await (await import("../example.ts")).deployExample({
          host,
          layout,
          name,
          clock,
          signal,
          steps,
          kubeconfig: kubeconfig.path,
        });
  const format = formatOf(invocation);
  if (format !== "table") {
    const url = example ? { url: example.url } : {};
    const nodes = simulated ? { fakeNodes: simulated.count } : {};
    const result = {
      cluster: config.name,
      changed,
      kubeconfig: user.path,
      context: user.context,
      ...nodes,
      ...url,
    };
    output.out(formatted(result, format));
  } else {
    output.out(`${whatNext(invocation, user, example?.url)}\n`);
  }
  return 0;
}

function chosen(invocation: Invocation): ClusterConfig {
  return newClusterConfig(
    {
      name: stringOption(invocation, "name", "nacre"),
      nodeName: stringOption(invocation, "node-name", hostname().toLowerCase()),
      listen: listOption(invocation, "listen"),
      port: Number(stringOption(invocation, "port", String(defaultPort))),
    },
    new Date(invocation.clock.now()).toISOString(),
  );
}

function readyTimeoutMs(invocation: Invocation): number {
  const text = stringOption(invocation, "timeout", "60");
  if (Number(text) > 0) return Number(text) * 1000;
  throw badRequest(`cannot wait for --timeout ${text}: say a number of seconds, such as 60`);
}

/** How many fake nodes the cluster is to have; undefined: as many as it has. */
function fakeNodeCount(invocation: Invocation): number | undefined {
  const text = stringOption(invocation, "fake-nodes");
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text) && Number(text) <= mostFakeNodes) return Number(text);
  throw badRequest(
    `cannot have --fake-nodes ${text}: say how many the cluster is to have, a number from 0 to ${mostFakeNodes}`,
  );
}

/** Five times what is measured; renewing the leases of more would take a core. */
const mostFakeNodes = 5_000;

/** A cluster that is there stays as it was made; whoever asks for something else is told. */
function noteDifferences(invocation: Invocation, config: ClusterConfig): void {
  const name = stringOption(invocation, "name");
  const nodeName = stringOption(invocation, "node-name");
  const port = stringOption(invocation, "port");
  const listen = listOption(invocation, "listen");
  const fixed = differences(config, {
    ...(name === undefined ? {} : { name }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(listen.length === 0 ? {} : { listen }),
  });
  if (fixed.length === 0) return;
  invocation.output.note(
    `Cluster ${config.name} was made with ${fixed.join(", ")} and stays so; for something else make another with --data DIR, or purge this one first: nacre down --purge\n`,
  );
}

interface Wanted {
  readonly shortage: Shortage;
  /** How many of its programs do not run. */
  readonly stopped: number;
  readonly fakeNodes: number | undefined;
}

function preview(invocation: Invocation, config: ClusterConfig, wanted: Wanted): number {
  const { shortage, stopped, fakeNodes } = wanted;
  const lines = [
    ...(shortage.missing.length > 0
      ? [
          `install ${shortage.missing.map(({ program }) => program).join(", ")}${shortage.install ? ` with: ${shortage.install.join(" ")}` : ""}`,
        ]
      : []),
    ...(stopped === 0
      ? []
      : [
          `make the device ${config.name}0 and the nftables table ${config.name}; reject stray packets to ${config.clusterPodRange} and ${config.serviceRange}`,
          `serve the API on 127.0.0.1:${config.port}${config.listen.map((address) => `, ${address}:${config.port}`).join("")}`,
          "start control-plane, agent, controllers and dns",
        ]),
    ...(fakeNodes === undefined ? [] : [`make or remove fake nodes until there are ${fakeNodes}`]),
  ];
  const format = formatOf(invocation);
  const page =
    lines.length === 0
      ? "Nothing to do: the cluster is up.\n"
      : `Would:\n${lines.map((line) => `  ${line}\n`).join("")}`;
  invocation.output.out(
    format === "table" ? page : formatted({ cluster: config.name, would: lines }, format),
  );
  return 0;
}

function whatNext(
  invocation: Invocation,
  user: { path: string; context: string; current: boolean },
  url: string | undefined,
): string {
  const { output } = invocation;
  const context = user.current ? "" : ` --context ${user.context}`;
  const tries = [
    `kubectl${context} get pods --all-namespaces`,
    ...(url
      ? [`curl ${url}`, `kubectl${context} scale deployment hello --replicas 5`]
      : [commandLine(invocation, "build DIR -t NAME")]),
    commandLine(invocation, "status"),
  ];
  return [
    "",
    ...(url ? [`  hello       ${paint(output, "cyan", url)}`] : []),
    `  kubeconfig  ${user.path} (context ${user.context})`,
    "",
    "Try:",
    ...tries.map((line) => `  ${line}`),
  ].join("\n");
}
