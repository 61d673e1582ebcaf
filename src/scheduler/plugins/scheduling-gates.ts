import type { Plugin } from "../framework/plugin.ts";

/** A gated pod is not tried until whoever set the gates has removed them (KEP-3521). */
export const schedulingGates: Plugin = {
  name: "SchedulingGates",
  preEnqueue({ pod }) {
    const gates = pod.spec?.schedulingGates ?? [];
    if (gates.length === 0) return undefined;
    return `waiting for scheduling gates: [${gates.map((gate) => gate.name).join(" ")}]`;
  },
};
