import { type Command, flag } from "#cli";
import { kubeconfigPath } from "#cluster";
import { dataOption, existingCluster, layoutFor, thisMachine } from "../machine.ts";
import { addToKubeconfig } from "../user-kubeconfig.ts";

/** The administrator's way in. */
export const kubeconfigCommand: Command = {
  name: "kubeconfig",
  summary: "print the cluster's kubeconfig, or merge it into yours",
  usage: "",
  options: {
    ...dataOption,
    merge: { type: "boolean", description: "add the context to your kubeconfig; other clusters in it stay" },
  },
  examples: [
    { line: "nacre kubeconfig > cluster.yaml", what: "a file of its own" },
    { line: "nacre kubeconfig --merge", what: "into $KUBECONFIG or ~/.kube/config" },
  ],
  async run(invocation) {
    const host = thisMachine();
    const layout = layoutFor(invocation);
    await existingCluster(host, layout);
    const text = (await host.files.read(kubeconfigPath(layout, "admin"))) ?? "";
    if (!flag(invocation, "merge")) {
      invocation.output.out(text);
      return 0;
    }
    const { path, context } = await addToKubeconfig(host, invocation.environment, { layout, text });
    invocation.output.note(`Context ${context} is in ${path}.\n`);
    return 0;
  },
};
