import { type ExplainInput, explainPod, type PreemptionPlan } from "./explain-pod.ts";

/** What a higher priority would do for a pod that fits nowhere. */
export interface IfMoreImportant extends PreemptionPlan {
  /** The least that is enough. */
  readonly priority: number;
}

/** Which pods would make room if this one were more important than they; undefined when nobody's going would help, or it is already. */
export function ifMoreImportant(input: ExplainInput): IfMoreImportant | undefined {
  const { pod, pods } = input;
  const { spec = { containers: [] } } = pod;
  const { priority: own = 0 } = spec;
  const explanation = explainPod({ ...input, pod: { ...pod, spec: { ...spec, priority: mostImportant } } });
  if (explanation.type !== "unplaced" || !explanation.preemption) return undefined;
  const victims = new Set(explanation.preemption.pods);
  const priorities = pods
    .filter(({ metadata = {} }) => victims.has(`${metadata.namespace}/${metadata.name}`))
    .map((victim) => victim.spec?.priority ?? 0);
  const priority = Math.max(...priorities) + 1;
  return priority > own ? { ...explanation.preemption, priority } : undefined;
}

/** The highest priority that people may give: above are the system's own. */
const mostImportant = 1_000_000_000;
