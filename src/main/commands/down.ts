import { type Command, flag, type Invocation, progress } from "#cli";
import { type ClusterConfig, kubeconfigPath, type Layout, readClusterConfig, supervisorFor } from "#cluster";
import type { Host } from "#host";
import { confirm } from "../confirm.ts";
import { commandLine, dataOption, existingCluster, layoutFor, requireRoot, thisMachine } from "../machine.ts";
import { makeKubeconfigs } from "../start.ts";
import { removeFromKubeconfigs } from "../user-kubeconfig.ts";

/** Ends the cluster. Without `--purge`, what it knows stays and `up` brings the same workloads back. */
export const downCommand: Command = {
  name: "down",
  summary: "stop the cluster; its data stays",
  usage: "",
  options: {
    ...dataOption,
    purge: { type: "boolean", description: "also remove all data and every trace of the cluster" },
    now: { type: "boolean", description: "kill what runs in pods instead of asking it to end" },
    yes: { type: "boolean", short: "y", description: "purge without asking" },
    "dry-run": { type: "boolean", description: "say what would be done, and do nothing" },
  },
  examples: [
    { line: "nacre down", what: "stop everything; nacre up brings it back" },
    { line: "nacre down --purge", what: "stop everything, and leave the machine as it was" },
  ],
  run: down,
};

async function down(invocation: Invocation): Promise<number> {
  const { output, clock } = invocation;
  const host = thisMachine();
  const layout = layoutFor(invocation);
  const purge = flag(invocation, "purge");
  if (purge && !(await readClusterConfig(host, layout.config))) {
    output.note(`There is no cluster in ${layout.data}; nothing to purge.\n`);
    return 0;
  }
  const config = await existingCluster(host, layout);
  if (flag(invocation, "dry-run")) return preview(invocation, host, layout, purge);
  requireRoot("nacre down");
  if (purge && !flag(invocation, "yes")) {
    const question = `Remove cluster ${config.name} with all its workloads, secrets and volumes below ${layout.data}?`;
    if (!(await confirm(output, question))) {
      output.note("Nothing was changed. To purge without being asked: nacre down --purge --yes\n");
      return 1;
    }
  }
  const { removeData, removeFromMachine } = await import("../removal.ts");
  const steps = progress(output, clock);
  const supervisor = await supervisorFor(host, layout);
  await steps.step("Stopping the programs", () => supervisor.stop());
  // What a purge takes away need not be put in order before.
  const graceful = !purge && !flag(invocation, "now");
  const how = graceful ? "Stopping pods, each within its grace period" : "Stopping pods";
  await steps.step(`${how}, and removing the network`, () =>
    removeFromMachine(host, layout, config, { graceful }),
  );
  if (purge) {
    const kept = await steps.step(`Removing ${layout.data}`, async () => {
      const text = await kubeconfigText(invocation, host, layout, config);
      const kept = await removeFromKubeconfigs(host, invocation.environment, { layout, text });
      await supervisor.remove();
      await removeData(host, layout.data);
      return kept;
    });
    for (const { why } of kept) output.note(`Note: ${why}\n`);
    const isLeft = kept.some(({ isGone }) => !isGone);
    output.note(`Nothing ${isLeft ? "else " : ""}of the cluster is left.\n`);
    return 0;
  }
  output.note(
    `The cluster is down; its data stays in ${layout.data}. Bring it back with: ${commandLine(invocation, "up")}\n`,
  );
  return 0;
}

/** What was written into kubeconfigs. As it stands in its file: keys that are lost are made anew, and nobody would know the cluster by those. */
async function kubeconfigText(
  { clock, random }: Invocation,
  host: Host,
  layout: Layout,
  config: ClusterConfig,
): Promise<string> {
  const written = await host.files.read(kubeconfigPath(layout, "admin"));
  return written ?? makeKubeconfigs(layout, config, { clock, random }).text;
}

async function preview(invocation: Invocation, host: Host, layout: Layout, purge: boolean): Promise<number> {
  const running = await (await supervisorFor(host, layout)).running();
  const lines = [
    ...(running.length > 0 ? [`stop ${running.map(({ name }) => name).join(", ")}`] : []),
    "stop all pods and remove the cluster's devices, routes and table",
    ...(purge ? [`remove ${layout.data} and the context from the kubeconfig`] : []),
  ];
  invocation.output.out(`Would:\n${lines.map((line) => `  ${line}\n`).join("")}`);
  return 0;
}
