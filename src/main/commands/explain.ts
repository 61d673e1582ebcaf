import { pods } from "#api";
import { ApiError, isNotFound, messageOf } from "#base";
import {
  type Command,
  type ExplainedPod,
  explainPage,
  formatOf,
  formatted,
  outputOption,
  stringOption,
  UsageError,
} from "#cli";
import type { ExplainInput, Explanation, IfMoreImportant } from "#scheduler";
import { reachOptions, withClient } from "../reach.ts";

/** Why a pod is where it is, or why it is nowhere: by the scheduler's own rules, from what the API says now. */
export const explainCommand: Command = {
  name: "explain",
  summary: "why a pod is where it is, or why it is nowhere",
  usage: "pod NAME",
  options: {
    namespace: {
      type: "string",
      short: "n",
      value: "NAMESPACE",
      description: 'where the pod is (default: "default")',
    },
    ...reachOptions,
    ...outputOption,
  },
  examples: [
    { line: "nacre explain pod web-0 -n shop", what: "why not, by groups of nodes, and what would help" },
    { line: "nacre explain pod web-0 -o json", what: "the same for programs, every score included" },
  ],
  async run(invocation) {
    const { output, signal } = invocation;
    const name = podNameOf(invocation.arguments);
    const namespace = stringOption(invocation, "namespace", "default");
    const { readExplainInput, explainPod, ...scheduler } = await import("#scheduler");
    const input = await withClient(invocation, async (client) => {
      const pod = await client.resource(pods, namespace).get(name, { signal }).catch(notThere(namespace));
      return readExplainInput(client, { pod, signal });
    });
    const explanation = explainPod(input);
    const ifMoreImportant = scheduler.ifMoreImportant(input);
    const format = formatOf(invocation);
    if (format === "table") {
      const { remedyInWords } = scheduler;
      const suggestions = suggestionsOf(explanation).map(({ changes, nodes }) => ({
        change: changes.map(remedyInWords).join(", and "),
        nodes,
      }));
      output.out(explainPage(output, { ...told(input, explanation, ifMoreImportant), suggestions }));
    } else {
      const pod = { namespace, name };
      output.out(formatted({ pod, ...explanation, ...(ifMoreImportant && { ifMoreImportant }) }, format));
    }
    return 0;
  },
};

/** `pod web-0`, or `pod/web-0`, as kubectl takes it. */
function podNameOf(words: readonly string[]): string {
  const [kind, name, ...more] = words.flatMap((word) => word.split("/"));
  if (!["pod", "pods", "po"].includes(kind ?? "") || !name || more.length > 0) {
    throw new UsageError("nacre explain takes a pod: nacre explain pod NAME -n NAMESPACE");
  }
  return name;
}

function notThere(namespace: string): (error: unknown) => never {
  return (error) => {
    if (!isNotFound(error)) throw error;
    const what = `cannot explain it: ${messageOf(error)} in namespace ${namespace}`;
    throw new ApiError("NotFound", `${what}; find it with: kubectl get pods --all-namespaces`);
  };
}

function suggestionsOf(explanation: Explanation) {
  return explanation.type === "unplaced" ? explanation.suggestions : [];
}

function told(
  { pod: { metadata = {}, spec }, profile }: ExplainInput,
  explanation: Explanation,
  ifMoreImportant: IfMoreImportant | undefined,
): Omit<ExplainedPod, "suggestions"> {
  const preemption = explanation.type === "unplaced" ? explanation.preemption : undefined;
  return {
    pod: `${metadata.namespace}/${metadata.name}`,
    placement: explanation,
    ...(preemption && { preemption }),
    ...(ifMoreImportant && { ifMoreImportant }),
    ...(profile ? {} : { otherScheduler: spec?.schedulerName ?? "" }),
  };
}
