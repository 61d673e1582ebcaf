import type { Node, Taint } from "./generated/types.ts";

/** The key of the label by which fake nodes are known, and of the taint that keeps pods from them that do not tolerate it. */
export const fakeNodeKey = "nacre.dev/fake";

/** What whoever makes a fake node gives it, so that no real workload lands on it by accident. */
export const fakeNodeTaint: Taint = { key: fakeNodeKey, value: "true", effect: "NoSchedule" };

/** What runs the containers of a simulated node, as its status says it. */
export const simulatedRuntime = "simulated://1";

/**
 * Where the addresses of fake pods lie: a range that the Internet does not use (RFC 1112), with room for 65,536 nodes. Nobody has one of
 * these addresses, and packets to them are refused on the machine.
 */
export const fakePodRange = "240.0.0.0/8";

/**
 * Whether a node is simulated in a live cluster. The label alone does not make it so: put on a node that has an agent, it changes
 * nothing. Pure.
 */
export function isFakeNode({ metadata, status }: Node): boolean {
  if (metadata?.labels?.[fakeNodeKey] !== "true") return false;
  const runtime = status?.nodeInfo?.containerRuntimeVersion ?? "";
  return runtime === "" || runtime === simulatedRuntime;
}
