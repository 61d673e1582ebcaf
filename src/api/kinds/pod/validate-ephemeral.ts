import type { EphemeralContainer, PodSpec } from "../../generated/types.ts";
import { type FieldErrors, forbiddenField, missing } from "../field-errors.ts";
import { type ContainerContext, validateContainer } from "./validate-container.ts";

/** Containers that people add to a running pod to look at it: they promise nothing, so what promises is refused. */
export function validateEphemeralContainers(spec: PodSpec, path: string, context: ContainerContext): void {
  const targets = new Set(
    [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name),
  );
  for (const [index, container] of (spec.ephemeralContainers ?? []).entries()) {
    const at = `${path}.ephemeralContainers[${index}]`;
    validateContainer(container, at, "ephemeral", context);
    refusePromises(container, at, context.errors);
    const target = container.targetContainerName;
    if (target && !targets.has(target)) context.errors.push(missing(`${at}.targetContainerName`, target));
  }
}

/** Beside ports, probes and hooks, which `validateContainer` refuses by role. */
function refusePromises(container: EphemeralContainer, path: string, errors: FieldErrors): void {
  const { resources, resizePolicy, restartPolicy, restartPolicyRules, volumeMounts = [] } = container;
  if (Object.values(resources ?? {}).some((list) => Object.keys(list ?? {}).length > 0)) {
    errors.push(forbiddenField(`${path}.resources`, notAllowed));
  }
  if (resizePolicy?.length) errors.push(forbiddenField(`${path}.resizePolicy`, notAllowed));
  if (restartPolicy) errors.push(forbiddenField(`${path}.restartPolicy`, notAllowed));
  if (restartPolicyRules?.length) errors.push(forbiddenField(`${path}.restartPolicyRules`, notAllowed));
  for (const [index, mount] of volumeMounts.entries()) {
    for (const field of ["subPath", "subPathExpr"] as const) {
      if (mount[field]) {
        errors.push(forbiddenField(`${path}.volumeMounts[${index}].${field}`, notAllowed));
      }
    }
  }
}

const notAllowed = "cannot be set for an Ephemeral Container";
