import { type Output, paint } from "../output.ts";
import type { Ended, ExplainedPod, Placed, RefusedNodes, Unplaced } from "./explained-pod.ts";
import { scoreTable } from "./score-table.ts";

/** What a person sees: where the pod is or why it is nowhere, node by node in groups, and what would help. */
export function explainPage(output: Output, explained: ExplainedPod): string {
  const { otherScheduler } = explained;
  const warning =
    otherScheduler === undefined
      ? []
      : [`The scheduler of this pod is ${otherScheduler}. These are the rules of default-scheduler.`];
  const sections = [...warning, ...sectionsOf(output, explained)];
  return `${sections.filter((text) => text !== "").join("\n\n")}\n`;
}

function sectionsOf(output: Output, explained: ExplainedPod): string[] {
  const { placement } = explained;
  const pod = named(output, explained);
  switch (placement.type) {
    case "gated":
      return [`${pod} may not be placed yet: ${placement.reason}.`];
    case "ended":
      return [endedSentence(pod, placement)];
    case "misplaced":
      return [
        `${pod} is bound to ${placement.node}, and the cluster has no such node: nobody runs it. It goes when it is deleted.`,
      ];
    case "unplaced":
      return unplacedSections(output, explained, placement);
    case "placed":
      return placedSections(output, explained, placement);
  }
}

function endedSentence(pod: string, { phase, node, reason, message }: Ended): string {
  const why = [reason, message].filter((text) => text !== undefined).join(", ");
  const how = phase === "Failed" ? `failed${why && `: ${why.replace(/\.$/, "")}`}` : "has done its work";
  const where = node === undefined ? "" : ` It was on ${node}.`;
  return `${pod} ${how}.${where} A pod that has ended is not placed again.`;
}

function unplacedSections(output: Output, explained: ExplainedPod, placement: Unplaced): string[] {
  const { refused, feasible } = placement;
  const all = feasible.length + refused.reduce((sum, { nodes }) => sum + nodes.length, 0);
  const pod = named(output, explained);
  if (all === 0) return [`${pod} waits for a node: the cluster has none.`];
  if (feasible.length > 0) {
    return [
      `${pod} has no node yet, and fits on ${count(feasible.length, "node")} of ${all}. The scheduler has not come to it, or waits for something else: see its events.`,
      scoreTable(output, feasible, undefined),
      refusedList(refused),
    ];
  }
  const { nominatedNode } = placement;
  return [
    `${pod} waits for ${nominatedNode ? `room that is being made on ${nominatedNode}` : "a node"}. ${all === 1 ? "The only one does not take" : `Of ${all} nodes none takes`} it:`,
    refusedList(refused),
    helpList(explained),
  ];
}

function placedSections(output: Output, explained: ExplainedPod, placement: Placed): string[] {
  const { node, refusedNow, refused, feasible } = placement;
  const others = refused.filter(({ nodes }) => nodes.length > 1 || nodes[0] !== node);
  const now =
    refusedNow.length > 0
      ? `It would not take it now: ${refusedNow.join("; ")}. Pods that are there stay.`
      : "Scores as they would be now, without it:";
  return [
    `${named(output, explained)} is on ${paint(output, "bold", node)}. ${now}`,
    feasible.length > 0 ? scoreTable(output, feasible, node) : "",
    others.length > 0 ? `Nodes that would not take it:\n${refusedList(others)}` : "",
  ];
}

function named(output: Output, { pod }: ExplainedPod): string {
  return `Pod ${paint(output, "bold", pod)}`;
}

/** Lines rather than columns: reasons are as long as they are, and a terminal may be narrow. */
function refusedList(refused: readonly RefusedNodes[]): string {
  return refused
    .map(({ nodes, reasons, keptFor = [] }) => {
      const all = reasons.map(({ reason }) => reason).join("; ");
      const why = keptFor.length > 0 ? `${all}, with the room that is kept for ${someOf(keptFor)}` : all;
      return `  ${count(nodes.length, "node")} (${someOf(nodes)}): ${why}`;
    })
    .join("\n");
}

function helpList({ suggestions, preemption, ifMoreImportant }: ExplainedPod): string {
  if (preemption) {
    return `Room is made on ${preemption.node}: ${someOf(preemption.pods)} ${preemption.pods.length === 1 ? "is" : "are"} less important, and must go.`;
  }
  const lines = suggestions.map(({ change, nodes }) => `  - ${change}: opens ${someOf(nodes)}`);
  if (ifMoreImportant) {
    const { priority, pods, node } = ifMoreImportant;
    lines.push(
      `  - give it a priority of ${priority} or more: then ${someOf(pods)} would have to go from ${node}`,
    );
  }
  if (lines.length === 0) return "No single change that is known would help; a new node might.";
  return `What would help, the smallest change first:\n${lines.join("\n")}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function someOf(names: readonly string[]): string {
  if (names.length <= 3) return names.join(", ");
  return `${names.slice(0, 2).join(", ")} and ${names.length - 2} more`;
}
