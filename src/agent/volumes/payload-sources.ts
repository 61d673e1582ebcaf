import type {
  ConfigMap,
  ConfigMapVolumeSource,
  DownwardAPIVolumeSource,
  Pod,
  ProjectedVolumeSource,
  Secret,
  SecretVolumeSource,
  Volume,
} from "#api";
import { type FieldContext, podField, resourceField } from "../environment/fields.ts";
import { containersOf } from "../pods/containers.ts";
import type { Payload, PayloadFile } from "./payload.ts";

/** Where the files of configMap, secret, downwardAPI and projected volumes come from. */
export interface PayloadContext {
  readonly pod: Pod;
  configMap(name: string): Promise<ConfigMap | undefined>;
  secret(name: string): Promise<Secret | undefined>;
  token(request: {
    readonly audience: string | undefined;
    readonly expirationSeconds: number;
  }): Promise<string>;
  readonly fields: FieldContext;
}

interface KeyPath {
  readonly key: string;
  readonly path: string;
  readonly mode?: number;
}

const defaultMode = 0o644;

/** Whether a volume's files are written by the agent from objects. */
export function hasPayload(volume: Volume): boolean {
  return Boolean(volume.configMap ?? volume.secret ?? volume.downwardAPI ?? volume.projected);
}

/** The files of such a volume. Throws with a message in the kubelet's words. */
export async function payloadOf(volume: Volume, context: PayloadContext): Promise<Payload> {
  if (volume.configMap) return configMapFiles(volume.configMap, volume.configMap.defaultMode, context);
  if (volume.secret) {
    const { secretName, defaultMode: mode, ...source } = volume.secret;
    return secretFiles({ ...source, name: secretName ?? "" }, mode, context);
  }
  if (volume.downwardAPI) return downwardFiles(volume.downwardAPI, volume.downwardAPI.defaultMode, context);
  if (volume.projected) return projectedFiles(volume.projected, context);
  throw new Error("a volume that holds no objects has no files of its own");
}

async function projectedFiles(source: ProjectedVolumeSource, context: PayloadContext): Promise<Payload> {
  const files = new Map<string, PayloadFile>();
  const add = (more: Payload) => {
    for (const [path, file] of more) files.set(path, file);
  };
  const mode = source.defaultMode;
  for (const one of source.sources ?? []) {
    if (one.configMap) add(await configMapFiles(one.configMap, mode, context));
    else if (one.secret)
      add(await secretFiles({ ...one.secret, name: one.secret.name ?? "" }, mode, context));
    else if (one.downwardAPI) add(await downwardFiles(one.downwardAPI, mode, context));
    else if (one.serviceAccountToken) {
      const { audience, expirationSeconds = 3600, path } = one.serviceAccountToken;
      const content = await context.token({ audience, expirationSeconds });
      files.set(path, { content, mode: mode ?? defaultMode });
    } else {
      throw new Error(`projected volume source ${Object.keys(one).join(", ")} is not supported yet`);
    }
  }
  return files;
}

async function configMapFiles(
  source: Pick<ConfigMapVolumeSource, "name" | "items" | "optional">,
  mode: number | undefined,
  context: PayloadContext,
): Promise<Payload> {
  const found = await context.configMap(source.name ?? "");
  if (!found && !source.optional) throw new Error(`configmap "${source.name}" not found`);
  const content = new Map<string, string | Uint8Array>(Object.entries(found?.data ?? {}));
  for (const [key, value] of Object.entries(found?.binaryData ?? {}))
    content.set(key, Buffer.from(value, "base64"));
  return picked(content, source, mode, (key) => `configmap references non-existent config key: ${key}`);
}

async function secretFiles(
  source: { readonly name: string } & Pick<SecretVolumeSource, "items" | "optional">,
  mode: number | undefined,
  context: PayloadContext,
): Promise<Payload> {
  const found = await context.secret(source.name);
  if (!found && !source.optional) throw new Error(`secret "${source.name}" not found`);
  const entries = Object.entries(found?.data ?? {}).map(
    ([key, value]) => [key, Buffer.from(value, "base64")] as const,
  );
  return picked(new Map(entries), source, mode, (key) => `references non-existent secret key: ${key}`);
}

/** All keys, or those that `items` names, under the paths it gives them. */
function picked(
  content: ReadonlyMap<string, string | Uint8Array>,
  source: { readonly items?: readonly KeyPath[]; readonly optional?: boolean },
  mode: number | undefined,
  complaint: (key: string) => string,
): Payload {
  const files = new Map<string, PayloadFile>();
  const items: readonly KeyPath[] =
    source.items && source.items.length > 0
      ? source.items
      : [...content.keys()].map((key) => ({ key, path: key }));
  for (const item of items) {
    const found = content.get(item.key);
    if (found !== undefined) files.set(item.path, { content: found, mode: item.mode ?? mode ?? defaultMode });
    else if (!source.optional) throw new Error(complaint(item.key));
  }
  return files;
}

async function downwardFiles(
  source: Pick<DownwardAPIVolumeSource, "items">,
  mode: number | undefined,
  { pod, fields }: PayloadContext,
): Promise<Payload> {
  const files = new Map<string, PayloadFile>();
  for (const item of source.items ?? []) {
    const fileMode = item.mode ?? mode ?? defaultMode;
    if (item.fieldRef) {
      const content = podField(pod, item.fieldRef.fieldPath, fields);
      if (content === undefined) throw new Error(`unsupported fieldPath: ${item.fieldRef.fieldPath}`);
      files.set(item.path, { content, mode: fileMode });
    } else if (item.resourceFieldRef) {
      const [first] = containersOf(pod).main;
      if (!first) throw new Error("a pod has at least one container");
      files.set(item.path, {
        content: resourceField(pod, first, item.resourceFieldRef, fields),
        mode: fileMode,
      });
    }
  }
  return files;
}
