import type { ConfigMap, Container, EnvVar, Pod, Secret } from "#api";
import { ContainerFault } from "../pods/fault.ts";
import { expand } from "./expand.ts";
import { type FieldContext, podField, resourceField } from "./fields.ts";
import type { Variable } from "./service-variables.ts";

/** Gives the objects that variables come from; undefined when there is none of that name. */
export interface EnvironmentSources {
  configMap(name: string): Promise<ConfigMap | undefined>;
  secret(name: string): Promise<Secret | undefined>;
  readonly fields: FieldContext;
  /** Variables that come before all others: the host name, services. */
  readonly base: readonly Variable[];
}

/**
 * The variables of a container: the base, then `envFrom` in order, then `env` in order, a later one of the same name
 * replacing an earlier one. `$(NAME)` refers to what came before. Throws CreateContainerConfigError.
 */
export async function containerEnvironment(
  pod: Pod,
  container: Container,
  sources: EnvironmentSources,
): Promise<Variable[]> {
  const values = new Map<string, string>(sources.base.map(({ name, value }) => [name, value]));
  for (const from of container.envFrom ?? []) {
    const map = await wholeMap(from, sources);
    for (const [key, value] of Object.entries(map)) values.set(`${from.prefix ?? ""}${key}`, value);
  }
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom
      ? await valueFrom(pod, container, variable, sources)
      : expand(variable.value ?? "", (name) => values.get(name));
    if (value !== undefined) values.set(variable.name, value);
  }
  return [...values].map(([name, value]) => ({ name, value }));
}

async function wholeMap(
  from: NonNullable<Container["envFrom"]>[number],
  sources: EnvironmentSources,
): Promise<Record<string, string>> {
  if (from.configMapRef) {
    const { name = "", optional } = from.configMapRef;
    const found = await sources.configMap(name);
    if (!found && !optional) throw missing(`configmap "${name}" not found`);
    return found?.data ?? {};
  }
  if (from.secretRef) {
    const { name = "", optional } = from.secretRef;
    const found = await sources.secret(name);
    if (!found && !optional) throw missing(`secret "${name}" not found`);
    return Object.fromEntries(Object.entries(found?.data ?? {}).map(([key, value]) => [key, decoded(value)]));
  }
  return {};
}

async function valueFrom(
  pod: Pod,
  container: Container,
  variable: EnvVar,
  sources: EnvironmentSources,
): Promise<string | undefined> {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = variable.valueFrom ?? {};
  const namespace = pod.metadata?.namespace ?? "";
  if (fieldRef) {
    const value = podField(pod, fieldRef.fieldPath, sources.fields);
    if (value === undefined) throw missing(`unsupported fieldPath: ${fieldRef.fieldPath}`);
    return value;
  }
  if (resourceFieldRef) return resourceField(pod, container, resourceFieldRef, sources.fields);
  if (configMapKeyRef) {
    const { name = "", key, optional } = configMapKeyRef;
    const found = await sources.configMap(name);
    if (!found && !optional) throw missing(`configmap "${name}" not found`);
    const value = found?.data?.[key];
    if (found && value === undefined && !optional) {
      throw missing(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`);
    }
    return value;
  }
  if (secretKeyRef) {
    const { name = "", key, optional } = secretKeyRef;
    const found = await sources.secret(name);
    if (!found && !optional) throw missing(`secret "${name}" not found`);
    const value = found?.data?.[key];
    if (found && value === undefined && !optional) {
      throw missing(`couldn't find key ${key} in Secret ${namespace}/${name}`);
    }
    return value === undefined ? undefined : decoded(value);
  }
  return "";
}

/** What a Secret holds, as text. */
export function decoded(base64: string): string {
  return Buffer.from(base64, "base64").toString("utf8");
}

function missing(message: string): ContainerFault {
  return new ContainerFault("CreateContainerConfigError", message);
}
