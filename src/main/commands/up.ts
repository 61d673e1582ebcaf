import { createServer } from "node:net";
import { hostname } from "node:os";
import { nodes } from "#api";
import { ApiError, messageOf } from "#base";
import { type Command, flag, type Invocation, listOption, paint, progress, stringOption } from "#cli";
import { connect } from "#client/node";
import {
  type ClusterConfig,
  defaultPort,
  differences,
  findShortage,
  installShortage,
  type Layout,
  networkOf,
  newClusterConfig,
  readClusterConfig,
  supervisorFor,
} from "#cluster";
import type { Host } from "#host";
import { gatewayAddress, prepareNetwork } from "#network";
import { confirm } from "../confirm.ts";
import { dataOption, layoutFor, requireRoot, thisMachine } from "../machine.ts";
import { makeKubeconfigs, startPrograms } from "../start.ts";
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
    example: {
      type: "string",
      value: "NAME",
      description: "deploy an example when the cluster is up: hello",
    },
    yes: { type: "boolean", short: "y", description: "install what the machine lacks without asking" },
    "dry-run": { type: "boolean", description: "say what would be done, and do nothing" },
    output: { type: "string", short: "o", value: "json", description: "print the result for programs" },
  },
  examples: [
    { line: "nacre up", what: "a cluster, reachable from this machine alone" },
    { line: "nacre up --listen 0.0.0.0", what: "a new cluster that other machines can reach" },
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
  const existing = await readClusterConfig(host, layout.config);
  const config = existing ?? chosen(invocation);
  const running = existing ? await (await supervisorFor(host, layout)).running() : [];
  const shortage = await findShortage(host, invocation.environment.PATH ?? "");
  if (existing) noteDifferences(invocation, existing);
  if (flag(invocation, "dry-run")) return preview(invocation, config, shortage, running.length);

  await supply(invocation, host, shortage);
  const began = clock.monotonicMs();
  const kubeconfig = await start(host, layout, config, {
    invocation,
    running: running.length,
    existing: existing !== undefined,
  });
  const user = await addToKubeconfig(host, invocation.environment, kubeconfig);
  const ready = ((clock.monotonicMs() - began) / 1000).toFixed(2);
  const changed = running.length < 4 || user.changed;
  if (running.length === 4)
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
  if (stringOption(invocation, "output") === "json") {
    output.out(
      `${JSON.stringify({ cluster: config.name, changed, kubeconfig: user.path, context: user.context, ...(example ? { url: example.url } : {}) }, null, 2)}\n`,
    );
  } else {
    output.out(`${whatNext(invocation, user, example?.url)}\n`);
  }
  return 0;
}

interface Started {
  readonly invocation: Invocation;
  readonly running: number;
  readonly existing: boolean;
}

/**
 * Takes back what it made when the cluster does not become ready: either all of it runs, or none. Containers that ran
 * on without the programs are left alone.
 */
async function start(
  host: Host,
  layout: Layout,
  config: ClusterConfig,
  started: Started,
): Promise<{ path: string; text: string }> {
  if (started.running > 0) return bringUp(host, layout, config, started);
  await requireFreePort(config.port);
  const wasDown = !(await host.files.exists(layout.memory));
  try {
    return await bringUp(host, layout, config, started);
  } catch (error) {
    const supervisor = await supervisorFor(host, layout);
    await supervisor.stop();
    const { removeData, removeFromMachine } = await import("../removal.ts");
    if (wasDown) await removeFromMachine(host, layout, config);
    if (!started.existing) {
      await supervisor.remove();
      await removeData(host, layout.data);
    }
    throw error;
  }
}

/** Network first, then identities, then programs; ready when the node is. */
async function bringUp(
  host: Host,
  layout: Layout,
  config: ClusterConfig,
  { invocation, running, existing }: Started,
): Promise<{ path: string; text: string }> {
  const { clock, random, output, signal } = invocation;
  const steps = progress(output, clock);
  for (const directory of [layout.data, layout.logs, layout.run, layout.store, layout.network]) {
    await host.files.makeDirectory(directory, { mode: 0o700 });
  }
  if (!existing)
    await host.files.write(layout.config, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  const network = networkOf(config, layout, gatewayAddress(config));
  if (running < 4) {
    await steps.step("Preparing the network", () => prepareNetwork(host, network));
  }
  const kubeconfig = makeKubeconfigs(layout, config, { clock, random });
  if (running < 4) {
    await steps.step("Starting the control plane, the agent, the controllers and DNS", async () => {
      const startedAt = clock.now();
      await startPrograms(host, layout);
      await whenReady(host, layout, config, { kubeconfig: kubeconfig.path, startedAt, signal });
    });
  }
  return kubeconfig;
}

/** Waits for the API server and then for the node; says what the programs printed when they do not come. */
async function whenReady(
  host: Host,
  layout: Layout,
  config: ClusterConfig,
  { kubeconfig, startedAt, signal }: { kubeconfig: string; startedAt: number; signal: AbortSignal },
): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(readyTimeoutMs)]);
  const { client } = connect({ kubeconfigPath: kubeconfig });
  try {
    for (;;) {
      deadline.throwIfAborted();
      const answer = await client.raw("GET", "/readyz").then(
        () => undefined,
        (error: unknown) => error,
      );
      if (answer === undefined) break;
      if (await endsAtOnce(host, layout, startedAt)) throw answer;
      await host.clock.sleep(10, deadline);
    }
    const selector = { fieldSelector: `metadata.name=${config.nodeName}` };
    for await (const event of client.resource(nodes).watch({ ...selector, signal: deadline })) {
      const ready = event.object.status?.conditions?.find(({ type }) => type === "Ready");
      if (ready?.status === "True") return;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new ApiError(
      "Timeout",
      `the cluster did not become ready: ${await lastWords(host, layout, error)}`,
      { cause: error },
    );
  } finally {
    await client.close();
  }
}

const readyTimeoutMs = 60_000;

/** Whether the control plane has ended twice since: trying on would change nothing. */
async function endsAtOnce(host: Host, layout: Layout, since: number): Promise<boolean> {
  const paths = [`${layout.logs}/control-plane.out.previous`, `${layout.logs}/control-plane.out`];
  const files = await Promise.all(paths.map((path) => host.files.stat(path)));
  return files.every((file) => file !== undefined && file.sizeBytes > 0 && file.modifiedAt >= since);
}

async function lastWords(host: Host, layout: Layout, error: unknown): Promise<string> {
  for (const name of ["control-plane", "agent", "controllers", "dns"]) {
    const printed =
      (await host.files.read(`${layout.logs}/${name}.out`)) ||
      (await host.files.read(`${layout.logs}/${name}.out.previous`));
    if (printed?.trim()) return `${printed.trim().split("\n").at(-1)} (see ${layout.logs})`;
  }
  return `${messageOf(error)} (see ${layout.logs})`;
}

/** Fails before anything is made when someone else has the port. */
function requireFreePort(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", () =>
      reject(
        new ApiError(
          "Conflict",
          `cannot serve the API on port ${port}: another program listens there (see: ss -ltnp 'sport = :${port}'); stop it, or choose another port for a new cluster: nacre up --port 7443`,
        ),
      ),
    );
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
  });
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

type Shortage = Awaited<ReturnType<typeof findShortage>>;

/** Names what the machine lacks, then installs it: after a yes, or with `--yes`. */
async function supply(invocation: Invocation, host: Host, shortage: Shortage): Promise<void> {
  if (shortage.missing.length === 0) return;
  const { output, clock } = invocation;
  const list = shortage.missing.map(({ program, for: purpose }) => `${program} (${purpose})`).join(", ");
  const command = shortage.install?.join(" ");
  output.note(`This machine lacks ${list}.\n`);
  if (shortage.install === undefined || command === undefined) {
    throw new ApiError(
      "ServiceUnavailable",
      "no package manager that Nacre knows is on this machine; install the programs above and try again",
    );
  }
  if (!flag(invocation, "yes") && !(await confirm(output, `Install with "${command}"?`))) {
    throw new ApiError(
      "ServiceUnavailable",
      `nothing was installed; run this yourself, then nacre up again: ${command}`,
    );
  }
  const install = shortage.install;
  await progress(output, clock).step(command, () => installShortage(host, install));
}

function preview(invocation: Invocation, config: ClusterConfig, shortage: Shortage, running: number): number {
  const lines = [
    ...(shortage.missing.length > 0
      ? [
          `install ${shortage.missing.map(({ program }) => program).join(", ")}${shortage.install ? ` with: ${shortage.install.join(" ")}` : ""}`,
        ]
      : []),
    ...(running === 4
      ? []
      : [
          `make the device ${config.name}0 and the nftables table ${config.name}; reject stray packets to ${config.clusterPodRange} and ${config.serviceRange}`,
          `serve the API on 127.0.0.1:${config.port}${config.listen.map((address) => `, ${address}:${config.port}`).join("")}`,
          "start control-plane, agent, controllers and dns",
        ]),
  ];
  invocation.output.out(
    lines.length === 0
      ? "Nothing to do: the cluster is up.\n"
      : `Would:\n${lines.map((line) => `  ${line}\n`).join("")}`,
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
      : ["nacre build DIR -t NAME"]),
    "nacre status",
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
