import type { KeyToPath, Volume } from "../../generated/types.ts";
import { dnsLabel } from "../../names.ts";
import { tryParseQuantity } from "../../quantity.ts";
import {
  checkOneOf,
  duplicate,
  type FieldErrors,
  forbiddenField,
  invalidValue,
  required,
} from "../field-errors.ts";
import { validateClaimSpec } from "../persistent-volume-claim.ts";
import { validateRelativePath } from "./validate-container.ts";
import { sourcesOf } from "./volume-defaults.ts";

/** Checks a pod's volumes and gives their names, for the mounts to be checked against. */
export function validateVolumes(
  volumes: readonly Volume[] | undefined,
  path: string,
  errors: FieldErrors,
): Set<string> {
  const names = new Set<string>();
  for (const [index, volume] of (volumes ?? []).entries()) {
    const at = `${path}[${index}]`;
    if (!volume.name) errors.push(required(`${at}.name`));
    else {
      for (const why of dnsLabel(volume.name)) errors.push(invalidValue(`${at}.name`, volume.name, why));
      if (names.has(volume.name)) errors.push(duplicate(`${at}.name`, volume.name));
      names.add(volume.name);
    }
    validateSource(volume, at, errors);
  }
  return names;
}

function validateSource(volume: Volume, path: string, errors: FieldErrors): void {
  const sources = sourcesOf(volume);
  if (sources.length === 0) errors.push(required(path, "must specify a volume type"));
  for (const extra of sources.slice(1)) {
    errors.push(forbiddenField(`${path}.${extra}`, "may not specify more than 1 volume type"));
  }
  if (volume.hostPath) validateHostPath(volume, `${path}.hostPath`, errors);
  if (volume.emptyDir?.sizeLimit !== undefined) {
    const limit = tryParseQuantity(volume.emptyDir.sizeLimit);
    if (limit !== undefined && limit.nanos < 0n) {
      errors.push(
        forbiddenField(`${path}.emptyDir.sizeLimit`, "SizeLimit field must be a valid resource quantity"),
      );
    }
  }
  if (volume.configMap) {
    if (!volume.configMap.name) errors.push(required(`${path}.configMap.name`));
    validateMode(volume.configMap.defaultMode, `${path}.configMap.defaultMode`, errors);
    validateItems(volume.configMap.items, `${path}.configMap.items`, errors);
  }
  if (volume.secret) {
    if (!volume.secret.secretName) errors.push(required(`${path}.secret.secretName`));
    validateMode(volume.secret.defaultMode, `${path}.secret.defaultMode`, errors);
    validateItems(volume.secret.items, `${path}.secret.items`, errors);
  }
  if (volume.persistentVolumeClaim && !volume.persistentVolumeClaim.claimName) {
    errors.push(required(`${path}.persistentVolumeClaim.claimName`));
  }
  if (volume.ephemeral) {
    const template = `${path}.ephemeral.volumeClaimTemplate`;
    if (!volume.ephemeral.volumeClaimTemplate) errors.push(required(template));
    else validateClaimSpec(volume.ephemeral.volumeClaimTemplate.spec, `${template}.spec`, errors);
  }
  if (volume.nfs) {
    if (!volume.nfs.server) errors.push(required(`${path}.nfs.server`));
    if (!volume.nfs.path) errors.push(required(`${path}.nfs.path`));
  }
  for (const [index, item] of (volume.downwardAPI?.items ?? []).entries()) {
    if (!item.path) errors.push(required(`${path}.downwardAPI.items[${index}].path`));
    else validateRelativePath(item.path, `${path}.downwardAPI.items[${index}].path`, errors);
  }
  if (volume.projected) validateProjected(volume, `${path}.projected`, errors);
}

function validateHostPath(volume: Volume, path: string, errors: FieldErrors): void {
  const source = volume.hostPath;
  if (!source?.path) errors.push(required(`${path}.path`));
  else if (source.path.split("/").includes("..")) {
    errors.push(invalidValue(`${path}.path`, source.path, "must not contain '..'"));
  }
  checkOneOf(errors, `${path}.type`, source?.type, [
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
  ]);
}

function validateProjected(volume: Volume, path: string, errors: FieldErrors): void {
  validateMode(volume.projected?.defaultMode, `${path}.defaultMode`, errors);
  for (const [index, source] of (volume.projected?.sources ?? []).entries()) {
    const at = `${path}.sources[${index}]`;
    const kinds = Object.entries(source).filter(([, value]) => value !== undefined);
    for (const [extra] of kinds.slice(1)) {
      errors.push(forbiddenField(`${at}.${extra}`, "may not specify more than 1 volume type per source"));
    }
    if (source.configMap && !source.configMap.name) errors.push(required(`${at}.configMap.name`));
    if (source.secret && !source.secret.name) errors.push(required(`${at}.secret.name`));
    const token = source.serviceAccountToken;
    if (!token) continue;
    if (!token.path) errors.push(required(`${at}.serviceAccountToken.path`));
    else validateRelativePath(token.path, `${at}.serviceAccountToken.path`, errors);
    if ((token.expirationSeconds ?? 3600) < 600) {
      const detail = "may not specify a duration less than 10 minutes";
      errors.push(
        invalidValue(`${at}.serviceAccountToken.expirationSeconds`, token.expirationSeconds, detail),
      );
    }
  }
}

function validateItems(items: readonly KeyToPath[] | undefined, path: string, errors: FieldErrors): void {
  for (const [index, item] of (items ?? []).entries()) {
    if (!item.key) errors.push(required(`${path}[${index}].key`));
    if (!item.path) errors.push(required(`${path}[${index}].path`));
    else validateRelativePath(item.path, `${path}[${index}].path`, errors);
    validateMode(item.mode, `${path}[${index}].mode`, errors);
  }
}

function validateMode(mode: number | undefined, path: string, errors: FieldErrors): void {
  if (mode === undefined || (mode >= 0 && mode <= 0o777)) return;
  errors.push(invalidValue(path, mode, "must be a number between 0 and 0777 (octal), both inclusive"));
}
