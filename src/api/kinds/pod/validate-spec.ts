import type { PodSpec } from "../../generated/types.ts";
import { dnsLabel, dnsSubdomain } from "../../names.ts";
import { isSidecar } from "../../pod/conditions.ts";
import {
  checkNonNegative,
  checkOneOf,
  checkRequiredOneOf,
  type FieldErrors,
  forbiddenField,
  invalidValue,
  required,
} from "../field-errors.ts";
import { validateLabels } from "../metadata.ts";
import { validateResourceList } from "../resource-list.ts";
import { type ContainerContext, validateContainer } from "./validate-container.ts";
import { validateEphemeralContainers } from "./validate-ephemeral.ts";
import { validatePlacement } from "./validate-placement.ts";
import { validateProfiles } from "./validate-profiles.ts";
import { validatePodLevelResources } from "./validate-resources.ts";
import { validateVolumes } from "./validate-volumes.ts";

/** Checks a pod spec, of a pod or of a template. `path`: `spec`, `spec.template.spec`. */
export function validatePodSpec(spec: PodSpec | undefined, path: string, errors: FieldErrors): void {
  if (!spec) {
    errors.push(required(`${path}.containers`));
    return;
  }
  const context: ContainerContext = {
    errors,
    volumeNames: validateVolumes(spec.volumes, `${path}.volumes`, errors),
    containerNames: new Set(),
    hostNetwork: spec.hostNetwork === true,
  };
  validateContainers(spec, path, context);
  checkRequiredOneOf(errors, `${path}.restartPolicy`, spec.restartPolicy, ["Always", "OnFailure", "Never"]);
  validateDns(spec, path, errors);
  if (
    spec.activeDeadlineSeconds !== undefined &&
    (spec.activeDeadlineSeconds < 1 || spec.activeDeadlineSeconds > 0x7fffffff)
  ) {
    errors.push(
      invalidValue(
        `${path}.activeDeadlineSeconds`,
        spec.activeDeadlineSeconds,
        "must be between 1 and 2147483647, inclusive",
      ),
    );
  }
  checkNonNegative(errors, `${path}.terminationGracePeriodSeconds`, spec.terminationGracePeriodSeconds);
  validateNames(spec, path, errors);
  validateLabels(spec.nodeSelector, `${path}.nodeSelector`, errors);
  validatePodLevelResources(spec, path, errors);
  validateResourceList(spec.overhead, `${path}.overhead`, errors);
  validateSecurityContext(spec, `${path}.securityContext`, errors);
  validatePlacement(spec, path, errors);
}

function validateContainers(spec: PodSpec, path: string, context: ContainerContext): void {
  if (!spec.containers?.length) context.errors.push(required(`${path}.containers`));
  for (const [index, container] of (spec.initContainers ?? []).entries()) {
    validateContainer(
      container,
      `${path}.initContainers[${index}]`,
      isSidecar(container) ? "sidecar" : "init",
      context,
    );
  }
  for (const [index, container] of (spec.containers ?? []).entries()) {
    validateContainer(container, `${path}.containers[${index}]`, "main", context);
  }
  validateEphemeralContainers(spec, path, context);
  validateHostPorts(spec, path, context.errors);
}

/** No two containers may take the same port of the machine. */
function validateHostPorts(spec: PodSpec, path: string, errors: FieldErrors): void {
  const taken = new Set<string>();
  for (const [index, container] of (spec.containers ?? []).entries()) {
    for (const [place, port] of (container.ports ?? []).entries()) {
      if (!port.hostPort) continue;
      const key = `${port.protocol}/${port.hostIP ?? ""}/${port.hostPort}`;
      if (taken.has(key)) {
        errors.push({
          reason: "FieldValueDuplicate",
          message: `Duplicate value: ${JSON.stringify(key)}`,
          field: `${path}.containers[${index}].ports[${place}].hostPort`,
        });
      }
      taken.add(key);
    }
  }
}

function validateDns(spec: PodSpec, path: string, errors: FieldErrors): void {
  checkRequiredOneOf(errors, `${path}.dnsPolicy`, spec.dnsPolicy, [
    "ClusterFirst",
    "ClusterFirstWithHostNet",
    "Default",
    "None",
  ]);
  if (spec.dnsPolicy === "None" && !spec.dnsConfig?.nameservers?.length) {
    errors.push(
      required(
        `${path}.dnsConfig.nameservers`,
        "must provide at least one DNS nameserver when `dnsPolicy` is None",
      ),
    );
  }
  for (const [index, alias] of (spec.hostAliases ?? []).entries()) {
    for (const [place, name] of (alias.hostnames ?? []).entries()) {
      for (const why of dnsSubdomain(name)) {
        errors.push(invalidValue(`${path}.hostAliases[${index}].hostnames[${place}]`, name, why));
      }
    }
  }
}

function validateNames(spec: PodSpec, path: string, errors: FieldErrors): void {
  for (const field of ["nodeName", "serviceAccountName", "runtimeClassName", "priorityClassName"] as const) {
    const value = spec[field];
    if (value)
      for (const why of dnsSubdomain(value)) errors.push(invalidValue(`${path}.${field}`, value, why));
  }
  for (const field of ["hostname", "subdomain"] as const) {
    const value = spec[field];
    if (value) for (const why of dnsLabel(value)) errors.push(invalidValue(`${path}.${field}`, value, why));
  }
  if (!spec.schedulerName) errors.push(required(`${path}.schedulerName`));
}

function validateSecurityContext(spec: PodSpec, path: string, errors: FieldErrors): void {
  const context = spec.securityContext;
  if (spec.shareProcessNamespace && spec.hostPID) {
    const detail = "ShareProcessNamespace and HostPID cannot both be enabled";
    errors.push(invalidValue(path.replace(/securityContext$/, "shareProcessNamespace"), true, detail));
  }
  if (!context) return;
  checkNonNegative(errors, `${path}.runAsUser`, context.runAsUser);
  checkNonNegative(errors, `${path}.runAsGroup`, context.runAsGroup);
  checkNonNegative(errors, `${path}.fsGroup`, context.fsGroup);
  validateProfiles(context, path, errors);
  checkOneOf(errors, `${path}.fsGroupChangePolicy`, context.fsGroupChangePolicy, [
    "Always",
    "OnRootMismatch",
  ]);
  for (const [index, sysctl] of (context.sysctls ?? []).entries()) {
    if (!sysctl.name) errors.push(required(`${path}.sysctls[${index}].name`));
    else if (!/^([a-z0-9][-_a-z0-9]*[./])*[a-z0-9][-_a-z0-9]*$/.test(sysctl.name)) {
      errors.push(
        invalidValue(`${path}.sysctls[${index}].name`, sysctl.name, "must be a kernel parameter's name"),
      );
    }
  }
  if (spec.hostUsers === false && (spec.hostNetwork || spec.hostPID || spec.hostIPC)) {
    errors.push(
      forbiddenField(
        path.replace(/securityContext$/, "hostUsers"),
        "when `hostUsers` is false, no host namespace may be shared",
      ),
    );
  }
}
