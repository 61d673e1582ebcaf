import type { Listers } from "../../framework/listers.ts";
import type { PodShape } from "../../framework/pod-shape.ts";
import { type Constraint, compileConstraint } from "./constraint.ts";
import { defaultConstraints, type SpreadDefaults } from "./default-constraints.ts";

export interface SoftConstraints {
  readonly constraints: readonly Constraint[];
  /** Nodes without one of the topology keys are not judged: they are the worst. */
  readonly needsAllKeys: boolean;
}

/** What a pod of this shape must keep to: its own constraints or, when it has none of any sort, the defaults. */
export function hardConstraints(
  shape: PodShape,
  defaults: SpreadDefaults,
  listers: Listers,
): readonly Constraint[] {
  return constraintsOf(shape, "DoNotSchedule", { defaults, listers });
}

/** What it rather keeps to. */
export function softConstraints(
  shape: PodShape,
  defaults: SpreadDefaults,
  listers: Listers,
): SoftConstraints {
  const needsAllKeys = hasOwn(shape) || defaults.needsAllKeys;
  return { constraints: constraintsOf(shape, "ScheduleAnyway", { defaults, listers }), needsAllKeys };
}

function constraintsOf(
  shape: PodShape,
  when: "DoNotSchedule" | "ScheduleAnyway",
  { defaults, listers }: { readonly defaults: SpreadDefaults; readonly listers: Listers },
): readonly Constraint[] {
  const isMeant = ({ whenUnsatisfiable }: { readonly whenUnsatisfiable: string }) =>
    whenUnsatisfiable === when;
  if (!hasOwn(shape)) return defaultConstraints(shape, defaults.constraints.filter(isMeant), listers);
  const { topologySpreadConstraints = [] } = shape.spec;
  return topologySpreadConstraints.filter(isMeant).map((one) => compileConstraint(one, shape));
}

function hasOwn({ spec }: PodShape): boolean {
  return (spec.topologySpreadConstraints ?? []).length > 0;
}
