import { type Invocation, stringOption } from "#cli";
import type { Client } from "#client";
import { connect } from "#client/node";
import { kubeconfigPath } from "#cluster";
import { dataOption, existingCluster, layoutFor, thisMachine } from "./machine.ts";
import { userPath } from "./user-kubeconfig.ts";

/** Which cluster is asked: the one of this machine, or any Kubernetes. For commands that only speak the API. */
export const reachOptions = {
  ...dataOption,
  kubeconfig: { type: "string", value: "FILE", description: "ask the cluster that a kubeconfig names" },
  context: { type: "string", value: "NAME", description: "a context of the kubeconfig" },
} as const;

/** Does something with a client of the cluster that is meant. */
export async function withClient<T>(
  invocation: Invocation,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const context = stringOption(invocation, "context");
  const path = await kubeconfigFor(invocation);
  const { client } = connect({ kubeconfigPath: path, ...(context === undefined ? {} : { context }) });
  return work(client).finally(() => client.close());
}

/** What is named; else this machine's cluster, when one is here and the person may speak to it as its administrator; else as kubectl. */
async function kubeconfigFor(invocation: Invocation): Promise<string> {
  const host = thisMachine();
  const named = stringOption(invocation, "kubeconfig");
  if (named !== undefined) return named;
  const own = userPath(invocation.environment);
  if (stringOption(invocation, "context") !== undefined) return own;
  const layout = layoutFor(invocation);
  const administrator = kubeconfigPath(layout, "admin");
  // Who may not look there is told by the way of kubectl.
  if (await host.files.read(administrator).catch(() => undefined)) return administrator;
  if (stringOption(invocation, "data") === undefined && (await host.files.exists(own))) return own;
  await existingCluster(host, layout);
  return administrator;
}
