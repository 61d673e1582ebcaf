import type { Container, EnvVar, EphemeralContainer, VolumeMount } from "../../generated/types.ts";
import { dnsLabel, environmentName, portNameRule, portNumber } from "../../names.ts";
import {
  checkNonNegative,
  checkOneOf,
  checkRequiredOneOf,
  duplicate,
  type FieldErrors,
  forbiddenField,
  invalidValue,
  missing,
  required,
} from "../field-errors.ts";
import { validateHandler, validateProbe } from "./validate-probe.ts";
import { validateProfiles } from "./validate-profiles.ts";
import { validateContainerResources } from "./validate-resources.ts";

/** What the containers of one pod share while they are checked. */
export interface ContainerContext {
  readonly errors: FieldErrors;
  readonly volumeNames: ReadonlySet<string>;
  /** Names of containers seen so far: unique over all kinds of containers of a pod. */
  readonly containerNames: Set<string>;
  readonly hostNetwork: boolean;
}

/** An init container without `restartPolicy: Always` ends by itself: probes and hooks make no sense there. */
export type ContainerRole = "main" | "init" | "sidecar" | "ephemeral";

export function validateContainer(
  container: Container | EphemeralContainer,
  path: string,
  role: ContainerRole,
  context: ContainerContext,
): void {
  const { errors } = context;
  validateContainerName(container.name, `${path}.name`, context);
  const image = container.image ?? "";
  if (image === "") errors.push(required(`${path}.image`));
  else if (image !== image.trim()) {
    errors.push(invalidValue(`${path}.image`, image, "must not have leading or trailing whitespace"));
  }
  checkRequiredOneOf(errors, `${path}.imagePullPolicy`, container.imagePullPolicy, [
    "Always",
    "IfNotPresent",
    "Never",
  ]);
  checkOneOf(errors, `${path}.terminationMessagePolicy`, container.terminationMessagePolicy, [
    "FallbackToLogsOnError",
    "File",
  ]);
  validatePorts(container, path, role, context);
  validateEnv(container.env, `${path}.env`, errors);
  validateEnvFrom(container, path, errors);
  validateMounts(container.volumeMounts, `${path}.volumeMounts`, context);
  validateContainerResources(container, `${path}.resources`, errors);
  validateLifetime(container, path, role, errors);
  validateSecurity(container, `${path}.securityContext`, errors);
}

function validateContainerName(name: string | undefined, path: string, context: ContainerContext): void {
  if (!name) {
    context.errors.push(required(path));
    return;
  }
  for (const why of dnsLabel(name)) context.errors.push(invalidValue(path, name, why));
  if (context.containerNames.has(name)) context.errors.push(duplicate(path, name));
  context.containerNames.add(name);
}

function validatePorts(
  container: Container,
  path: string,
  role: ContainerRole,
  context: ContainerContext,
): void {
  const { errors } = context;
  if (role === "ephemeral" && container.ports?.length) {
    errors.push(forbiddenField(`${path}.ports`, "cannot be set for an Ephemeral Container"));
  }
  const names = new Set<string>();
  for (const [index, port] of (container.ports ?? []).entries()) {
    const at = `${path}.ports[${index}]`;
    if (port.name) {
      const complaints = portNameRule(port.name);
      for (const why of complaints) errors.push(invalidValue(`${at}.name`, port.name, why));
      if (complaints.length === 0 && names.has(port.name)) errors.push(duplicate(`${at}.name`, port.name));
      names.add(port.name);
    }
    if (!port.containerPort) errors.push(required(`${at}.containerPort`));
    else
      for (const why of portNumber(port.containerPort))
        errors.push(invalidValue(`${at}.containerPort`, port.containerPort, why));
    if (port.hostPort) {
      for (const why of portNumber(port.hostPort))
        errors.push(invalidValue(`${at}.hostPort`, port.hostPort, why));
      if (context.hostNetwork && port.hostPort !== port.containerPort) {
        errors.push(
          invalidValue(
            `${at}.hostPort`,
            port.hostPort,
            "must match `containerPort` when `hostNetwork` is true",
          ),
        );
      }
    }
    checkRequiredOneOf(errors, `${at}.protocol`, port.protocol, ["SCTP", "TCP", "UDP"]);
  }
}

function validateEnv(env: readonly EnvVar[] | undefined, path: string, errors: FieldErrors): void {
  for (const [index, variable] of (env ?? []).entries()) {
    const at = `${path}[${index}]`;
    if (!variable.name) errors.push(required(`${at}.name`));
    else
      for (const why of environmentName(variable.name))
        errors.push(invalidValue(`${at}.name`, variable.name, why));
    if (variable.valueFrom) validateValueFrom(variable, `${at}.valueFrom`, errors);
  }
}

function validateValueFrom(variable: EnvVar, path: string, errors: FieldErrors): void {
  const source = variable.valueFrom ?? {};
  const count = Object.values(source).filter((value) => value !== undefined).length;
  if (count === 0) {
    errors.push(
      invalidValue(
        path,
        "",
        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`",
      ),
    );
  }
  if (variable.value) errors.push(invalidValue(path, "", "may not be specified when `value` is not empty"));
  if (count > 1) errors.push(invalidValue(path, "", "may not have more than one field specified at a time"));
  for (const name of ["configMapKeyRef", "secretKeyRef"] as const) {
    const reference = source[name];
    if (!reference) continue;
    if (!reference.name) errors.push(required(`${path}.${name}.name`));
    if (!reference.key) errors.push(required(`${path}.${name}.key`));
  }
  const field = source.fieldRef;
  if (field && !field.fieldPath) errors.push(required(`${path}.fieldRef.fieldPath`));
  else if (field && !environmentFieldPath.test(field.fieldPath)) {
    errors.push(
      invalidValue(
        `${path}.fieldRef.fieldPath`,
        field.fieldPath,
        "error converting fieldPath: field label not supported",
      ),
    );
  }
  if (source.resourceFieldRef && !source.resourceFieldRef.resource) {
    errors.push(required(`${path}.resourceFieldRef.resource`));
  }
}

const environmentFieldPath =
  /^(metadata\.(name|namespace|uid|labels\['.*'\]|annotations\['.*'\])|spec\.(nodeName|serviceAccountName)|status\.(hostIP|hostIPs|podIP|podIPs))$/;

function validateEnvFrom(container: Container, path: string, errors: FieldErrors): void {
  for (const [index, source] of (container.envFrom ?? []).entries()) {
    const at = `${path}.envFrom[${index}]`;
    if (source.prefix)
      for (const why of environmentName(source.prefix))
        errors.push(invalidValue(`${at}.prefix`, source.prefix, why));
    if (!source.configMapRef && !source.secretRef) {
      errors.push(invalidValue(at, "", "must specify one of: `configMapRef` or `secretRef`"));
    }
    if (source.configMapRef && source.secretRef) {
      errors.push(invalidValue(at, "", "may not have more than one field specified at a time"));
    }
    if (source.configMapRef && !source.configMapRef.name) errors.push(required(`${at}.configMapRef.name`));
    if (source.secretRef && !source.secretRef.name) errors.push(required(`${at}.secretRef.name`));
  }
}

function validateMounts(
  mounts: readonly VolumeMount[] | undefined,
  path: string,
  context: ContainerContext,
): void {
  const { errors } = context;
  const places = new Set<string>();
  for (const [index, mount] of (mounts ?? []).entries()) {
    const at = `${path}[${index}]`;
    if (!mount.name) errors.push(required(`${at}.name`));
    else if (!context.volumeNames.has(mount.name)) errors.push(missing(`${at}.name`, mount.name));
    if (!mount.mountPath) errors.push(required(`${at}.mountPath`));
    else if (places.has(mount.mountPath))
      errors.push(invalidValue(`${at}.mountPath`, mount.mountPath, "must be unique"));
    places.add(mount.mountPath);
    if (mount.subPath) validateRelativePath(mount.subPath, `${at}.subPath`, errors);
    if (mount.subPathExpr) validateRelativePath(mount.subPathExpr, `${at}.subPathExpr`, errors);
    if (mount.subPath && mount.subPathExpr) {
      errors.push(
        invalidValue(
          `${at}.subPathExpr`,
          mount.subPathExpr,
          "subPathExpr and subPath are mutually exclusive",
        ),
      );
    }
    checkOneOf(errors, `${at}.mountPropagation`, mount.mountPropagation, [
      "Bidirectional",
      "HostToContainer",
      "None",
    ]);
  }
}

/** A path inside a volume: relative, and never upwards. */
export function validateRelativePath(value: string, path: string, errors: FieldErrors): void {
  if (value.startsWith("/")) errors.push(invalidValue(path, value, "must be a relative path"));
  if (value.split("/").includes("..")) errors.push(invalidValue(path, value, "must not contain '..'"));
}

function validateLifetime(
  container: Container,
  path: string,
  role: ContainerRole,
  errors: FieldErrors,
): void {
  const runsOn = role === "main" || role === "sidecar";
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"] as const) {
    const probe = container[name];
    if (!probe) continue;
    if (runsOn) validateProbe(probe, `${path}.${name}`, name, errors);
    else errors.push(forbiddenField(`${path}.${name}`, notFor(role)));
  }
  if (container.lifecycle && !runsOn) errors.push(forbiddenField(`${path}.lifecycle`, notFor(role)));
  else if (container.lifecycle) {
    const { postStart, preStop } = container.lifecycle;
    if (postStart) validateHandler(postStart, `${path}.lifecycle.postStart`, errors);
    if (preStop) validateHandler(preStop, `${path}.lifecycle.preStop`, errors);
  }
  const policy = container.restartPolicy;
  if (role === "main" && policy !== undefined && !["Always", "OnFailure", "Never"].includes(policy)) {
    checkOneOf(errors, `${path}.restartPolicy`, policy, ["Always", "Never", "OnFailure"]);
  }
}

function notFor(role: ContainerRole): string {
  return role === "ephemeral"
    ? "cannot be set for an Ephemeral Container"
    : "may not be set for init containers without restartPolicy=Always";
}

function validateSecurity(container: Container, path: string, errors: FieldErrors): void {
  const context = container.securityContext;
  if (!context) return;
  checkNonNegative(errors, `${path}.runAsUser`, context.runAsUser);
  checkNonNegative(errors, `${path}.runAsGroup`, context.runAsGroup);
  validateProfiles(context, path, errors);
  if (context.allowPrivilegeEscalation === false && context.privileged) {
    errors.push(
      invalidValue(path, context, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"),
    );
  }
}
