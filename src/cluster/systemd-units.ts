import { nicenessOf, weightOf } from "./importance.ts";
import type { Layout, ProgramName } from "./layout.ts";
import type { ProgramCommand } from "./supervisor.ts";

/** Where an administrator's units lie; systemd looks here before anywhere on disk. */
export const unitDirectory = "/etc/systemd/system";

/** One unit stands for the whole cluster: what is enabled, and what to stop or restart by hand. */
export function targetName(clusterName: string): string {
  return `nacre-${clusterName}.target`;
}

export function serviceName(clusterName: string, program: ProgramName): string {
  return `nacre-${clusterName}-${program}.service`;
}

/** The first line of every unit: says whose it is, so that a cluster of the same name elsewhere is not overwritten. */
export function unitHeader(data: string): string {
  return `# Made by nacre up for the cluster in ${data}; changes are lost. Removed by: nacre down --purge`;
}

/** The text of every unit of a cluster by file name: a service for each program, and the target that holds them. */
export function unitsOf(
  layout: Layout,
  clusterName: string,
  commands: readonly ProgramCommand[],
): ReadonlyMap<string, string> {
  const services = commands.map(
    (command) => [serviceName(clusterName, command.name), service(layout, clusterName, command)] as const,
  );
  const names = services.map(([name]) => name);
  return new Map([[targetName(clusterName), target(layout, clusterName, names)], ...services]);
}

function target(layout: Layout, clusterName: string, services: readonly string[]): string {
  return `${unitHeader(layout.data)}
[Unit]
Description=Nacre cluster ${clusterName}
Wants=${services.join(" ")}

[Install]
WantedBy=multi-user.target
`;
}

const descriptions: Readonly<Record<ProgramName, string>> = {
  "control-plane": "API server and store",
  agent: "node agent",
  controllers: "controllers and scheduler",
  dns: "DNS",
  "fake-nodes": "fake nodes",
};

/**
 * `After=` the control plane orders the end rather than the start: nothing waits for it (a program counts as started
 * when it is executed), but a machine that shuts down ends the others first. Firewalls flush all tables when they
 * start, so ours come later. A program that fails is tried again for ever: the cluster must come back by itself after
 * a disk was full for a night.
 */
function service(layout: Layout, clusterName: string, command: ProgramCommand): string {
  const { name, node, environment } = command;
  const after = ["network.target", "nftables.service", "firewalld.service", "ufw.service"];
  if (name !== "control-plane") after.push(serviceName(clusterName, "control-plane"));
  const variables = Object.entries(environment).map(
    ([variable, value]) => `Environment=${quoted(`${variable}=${value}`)}\n`,
  );
  return `${unitHeader(layout.data)}
[Unit]
Description=Nacre cluster ${clusterName}: ${descriptions[name]}
PartOf=${targetName(clusterName)}
After=${after.join(" ")}
RequiresMountsFor=${quoted(layout.data)}
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${[node, ...command.arguments].map(quotedArgument).join(" ")}
${variables.join("")}WorkingDirectory=/
Restart=always
RestartSec=500ms
TimeoutStopSec=10s
OOMPolicy=continue
OOMScoreAdjust=${name === "agent" ? -999 : -997}
Nice=${nicenessOf(name)}
CPUWeight=${weightOf(name)}
StandardOutput=truncate:${specifiers(`${layout.logs}/${name}.out`)}
StandardError=inherit
${name === "agent" ? agentOnly : ""}`;
}

/** The monitors of containers outlive the agent, live in its control group where cgroups are hybrid, and are as many as there are containers. */
const agentOnly = `KillMode=process
Delegate=yes
TasksMax=infinity
`;

/** systemd.syntax(7): quotes keep spaces, `%` begins a specifier. */
function quoted(text: string): string {
  const escaped = specifiers(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"');
  return /^[\w@%+=:,./-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

/** In a command line `$` also begins a variable (systemd.service(5)). */
function quotedArgument(text: string): string {
  return quoted(text).replaceAll("$", "$$$$");
}

function specifiers(text: string): string {
  return text.replaceAll("%", "%%");
}
