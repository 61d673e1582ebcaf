import { type Invocation, progress } from "#cli";
import {
  type ClusterConfig,
  type Layout,
  networkOf,
  programsOf,
  supervisorFor,
  writeClusterConfig,
} from "#cluster";
import type { Host } from "#host";
import { gatewayAddress, prepareNetwork } from "#network";
import { requireFreePort } from "./free-port.ts";
import { whenReady } from "./ready.ts";
import { type KubeconfigText, makeKubeconfigs, startPrograms } from "./start.ts";

/** What is known of a cluster that is to be brought up. */
export interface BringUpOptions {
  readonly invocation: Invocation;
  /** How many of its programs run already. */
  readonly running: number;
  /** Whether it was made before. */
  readonly existing: boolean;
  readonly timeoutMs: number;
  /** Whether it is to have the program that simulates nodes. */
  readonly simulates: boolean;
}

/**
 * Takes back what it made when the cluster does not become ready: either all of it runs, or none. Containers that ran
 * on without the programs are left alone.
 */
export async function bringUpOrNothing(
  host: Host,
  layout: Layout,
  config: ClusterConfig,
  options: BringUpOptions,
): Promise<KubeconfigText> {
  if (options.running > 0) return bringUp(host, layout, config, options);
  await requireFreePort(config.port);
  const wasDown = !(await host.files.exists(layout.memory));
  try {
    return await bringUp(host, layout, config, options);
  } catch (error) {
    const supervisor = await supervisorFor(host, layout);
    await supervisor.stop();
    const { removeData, removeFromMachine } = await import("./removal.ts");
    if (wasDown) await removeFromMachine(host, layout, config, { graceful: false });
    if (!options.existing) {
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
  { invocation, running, existing, timeoutMs, simulates }: BringUpOptions,
): Promise<KubeconfigText> {
  const { clock, random, output, signal } = invocation;
  const steps = progress(output, clock);
  await host.files.makeDirectory(layout.data, { mode: 0o700 });
  // First of all, so that what comes to lie there is known to be a cluster's.
  if (!existing) await writeClusterConfig(host, layout.config, config);
  for (const directory of [layout.logs, layout.run, layout.store, layout.network]) {
    await host.files.makeDirectory(directory, { mode: 0o700 });
  }
  const network = networkOf(config, layout, gatewayAddress(config));
  const optional = simulates ? (["fake-nodes"] as const) : [];
  const kubeconfig = makeKubeconfigs(layout, config, { clock, random, optional });
  const programs = await programsOf(host, layout);
  if (running < programs.length) {
    await steps.step("Preparing the network", () => prepareNetwork(host, network));
  }
  if (running < programs.length) {
    await steps.step("Starting the control plane, the agent, the controllers and DNS", async () => {
      const startedAt = clock.now();
      await startPrograms(host, layout, existing ? firstPrograms : programs);
      const onServing = () => startPrograms(host, layout, programs);
      const waiting = { kubeconfig: kubeconfig.path, startedAt, timeoutMs, signal, onServing };
      await whenReady(host, layout, config, waiting);
    });
  }
  return kubeconfig;
}

/**
 * A node is ready by these; the others have nothing to do before the API is served, and loading them would only hold these up. In a
 * new cluster all start at once: its first pods need what the controllers make.
 */
const firstPrograms = ["control-plane", "agent"] as const;
