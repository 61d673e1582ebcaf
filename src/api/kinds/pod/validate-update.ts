import type { Container, EphemeralContainer, Pod, PodSpec, Toleration } from "../../generated/types.ts";
import { jsonEqual } from "../../json.ts";
import { type FieldErrors, forbiddenField, invalidValue, required } from "../field-errors.ts";

/** What may change in a pod that exists: images, a shorter deadline, more tolerations, fewer gates; little else. */
export function validatePodChange(pod: Pod, old: Pod, errors: FieldErrors): void {
  const now = pod.spec;
  const before = old.spec;
  if (!now || !before) return;
  for (const list of ["containers", "initContainers"] as const) {
    const places = now[list]?.length ?? 0;
    if (places !== (before[list]?.length ?? 0)) {
      errors.push(forbiddenField(`spec.${list}`, "pod updates may not add or remove containers"));
      return;
    }
    for (const [index, container] of (now[list] ?? []).entries()) {
      if (!container.image) errors.push(required(`spec.${list}[${index}].image`));
    }
  }
  validateDeadline(now, before, errors);
  if (!keepsTolerations(now.tolerations ?? [], before.tolerations ?? [])) {
    errors.push(
      forbiddenField(
        "spec.tolerations",
        "existing toleration can not be modified except its tolerationSeconds",
      ),
    );
  }
  validateGates(now, before, errors);
  const changed = changedFields(withMutableParts(now, before), before);
  if (changed.length > 0)
    errors.push(forbiddenField("spec", `${onlyTheseMayChange}\nchanged: ${changed.join(", ")}`));
}

const onlyTheseMayChange =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/** The new spec as it would be without the changes that are allowed. */
function withMutableParts(now: PodSpec, before: PodSpec): PodSpec {
  const same: PodSpec = {
    ...now,
    containers: withImages(now.containers, before.containers) ?? [],
  };
  const init = withImages(now.initContainers, before.initContainers);
  if (init !== undefined) same.initContainers = init;
  keep(same, before, "activeDeadlineSeconds");
  keep(same, before, "tolerations");
  if ((before.terminationGracePeriodSeconds ?? 0) < 0 && now.terminationGracePeriodSeconds === 1) {
    keep(same, before, "terminationGracePeriodSeconds");
  }
  if ((before.schedulingGates?.length ?? 0) > 0) {
    keep(same, before, "schedulingGates");
    // A gated pod was not looked at yet: where it may run can still be narrowed.
    keep(same, before, "nodeSelector");
    keep(same, before, "affinity");
  }
  return same;
}

function keep(to: PodSpec, from: PodSpec, field: keyof PodSpec): void {
  const value = from[field];
  if (value === undefined) delete to[field];
  else Object.assign(to, { [field]: value });
}

function withImages(now: Container[] | undefined, before: Container[] | undefined): Container[] | undefined {
  return now?.map((container, index) => {
    const image = before?.[index]?.image;
    return image === undefined ? container : { ...container, image };
  });
}

function validateDeadline(now: PodSpec, before: PodSpec, errors: FieldErrors): void {
  const path = "spec.activeDeadlineSeconds";
  if (before.activeDeadlineSeconds === undefined) return;
  if (now.activeDeadlineSeconds === undefined) {
    errors.push(invalidValue(path, null, "must not update from a positive integer to nil value"));
  } else if (now.activeDeadlineSeconds > before.activeDeadlineSeconds) {
    const detail = "must be less than or equal to previous value";
    errors.push(invalidValue(path, now.activeDeadlineSeconds, detail));
  }
}

function keepsTolerations(now: readonly Toleration[], before: readonly Toleration[]): boolean {
  const identity = ({ tolerationSeconds: _, ...rest }: Toleration) => rest;
  return before.every((old) => now.some((toleration) => jsonEqual(identity(toleration), identity(old))));
}

function validateGates(now: PodSpec, before: PodSpec, errors: FieldErrors): void {
  const known = new Set((before.schedulingGates ?? []).map((gate) => gate.name));
  const added = (now.schedulingGates ?? []).filter((gate) => !known.has(gate.name)).map((gate) => gate.name);
  if (added.length > 0) {
    errors.push(
      forbiddenField(
        "spec.schedulingGates",
        `only deletion is allowed, but found new scheduling gates '${added.join(",")}'`,
      ),
    );
  }
}

function changedFields(now: PodSpec, before: PodSpec): string[] {
  const fields = new Set([...Object.keys(now), ...Object.keys(before)]) as Set<keyof PodSpec>;
  return [...fields].filter((field) => !jsonEqual(now[field], before[field])).map((field) => `spec.${field}`);
}

/** Ephemeral containers are only ever added. */
export function validateEphemeralChange(pod: Pod, old: Pod, errors: FieldErrors): void {
  const now = new Map(
    (pod.spec?.ephemeralContainers ?? []).map((each): [string, EphemeralContainer] => [each.name, each]),
  );
  for (const [index, before] of (old.spec?.ephemeralContainers ?? []).entries()) {
    const path = `spec.ephemeralContainers[${index}]`;
    const after = now.get(before.name);
    if (after === undefined) {
      errors.push(
        forbiddenField(
          "spec.ephemeralContainers",
          `existing ephemeral containers "${before.name}" may not be removed\n`,
        ),
      );
    } else if (!jsonEqual(after, before)) {
      errors.push(
        forbiddenField(path, `existing ephemeral containers "${before.name}" may not be changed\n`),
      );
    }
  }
}

/** A resize changes the resources of containers and nothing else; only cpu and memory can be resized. */
export function validateResize(pod: Pod, old: Pod, errors: FieldErrors): void {
  for (const list of ["containers", "initContainers"] as const) {
    const before = old.spec?.[list] ?? [];
    for (const [index, container] of (pod.spec?.[list] ?? []).entries()) {
      for (const side of ["requests", "limits"] as const) {
        const now = container.resources?.[side] ?? {};
        const then = before[index]?.resources?.[side] ?? {};
        for (const name of new Set([...Object.keys(now), ...Object.keys(then)])) {
          if (name === "cpu" || name === "memory" || now[name] === then[name]) continue;
          errors.push(
            forbiddenField(
              `spec.${list}[${index}].resources.${side}`,
              "only cpu and memory resources are mutable",
            ),
          );
        }
      }
    }
  }
}
