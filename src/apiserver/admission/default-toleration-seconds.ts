import type { Pod, Toleration } from "#api";
import type { AdmissionPlugin } from "../ports.ts";
import { writesPods } from "./pods-only.ts";

/** How long a pod stays bound to a node that has gone silent. */
const tolerationSeconds = 300;

const taints = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

/** A pod that does not say how long it bears a broken node bears it for five minutes. */
export function defaultTolerationSeconds(): AdmissionPlugin {
  return {
    name: "DefaultTolerationSeconds",
    handles: (attributes) => attributes.operation === "CREATE" && writesPods(attributes),
    mutate({ object }) {
      const { spec } = object as Pod;
      if (!spec) return;
      const present = spec.tolerations ?? [];
      const missing = taints.filter((taint) => !present.some((toleration) => bears(toleration, taint)));
      if (missing.length === 0) return;
      spec.tolerations = [
        ...present,
        ...missing.map((key) => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds })),
      ];
    },
  };
}

function bears({ key, effect }: Toleration, taint: string): boolean {
  return (!key || key === taint) && (!effect || effect === "NoExecute");
}
