import { nodes } from "#api";
import { ApiError, messageOf } from "#base";
import type { Client } from "#client";
import { connect } from "#client/node";
import type { ClusterConfig, Layout } from "#cluster";
import type { Host } from "#host";

export interface WhenReadyOptions {
  /** Path of the kubeconfig to ask with. */
  readonly kubeconfig: string;
  readonly startedAt: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called when the API server answers. It has ended when the waiting ends, however that does. */
  readonly onServing: () => Promise<void>;
}

/** Waits for the API server and then for the node; says what the programs printed when they do not come. */
export async function whenReady(
  host: Host,
  layout: Layout,
  config: ClusterConfig,
  options: WhenReadyOptions,
): Promise<void> {
  const { kubeconfig, startedAt, timeoutMs, signal, onServing } = options;
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
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
    const served = onServing();
    // Nobody may take back what is still being started.
    await Promise.all([nodeReady(client, config, deadline), served]).finally(() =>
      Promise.allSettled([served]),
    );
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

async function nodeReady(client: Client, config: ClusterConfig, signal: AbortSignal): Promise<void> {
  const selector = { fieldSelector: `metadata.name=${config.nodeName}` };
  for await (const event of client.resource(nodes).watch({ ...selector, signal })) {
    const ready = event.object.status?.conditions?.find(({ type }) => type === "Ready");
    if (ready?.status === "True") return;
  }
}

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
