import type { DownwardAPIVolumeFile, Volume } from "../../generated/types.ts";
import { pullPolicyOf } from "./pull-policy.ts";

const readableByAll = 0o644;

/** A volume without a source is an empty directory; files are 0644 unless said otherwise. */
export function defaultVolume(volume: Volume): void {
  if (!hasSource(volume)) volume.emptyDir = {};
  if (volume.secret) volume.secret.defaultMode ??= readableByAll;
  if (volume.configMap) volume.configMap.defaultMode ??= readableByAll;
  if (volume.hostPath) volume.hostPath.type ??= "";
  if (volume.downwardAPI) {
    volume.downwardAPI.defaultMode ??= readableByAll;
    defaultItems(volume.downwardAPI.items);
  }
  if (volume.projected) {
    volume.projected.defaultMode ??= readableByAll;
    for (const source of volume.projected.sources ?? []) {
      if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600;
      defaultItems(source.downwardAPI?.items);
    }
  }
  if (volume.ephemeral?.volumeClaimTemplate?.spec)
    volume.ephemeral.volumeClaimTemplate.spec.volumeMode ??= "Filesystem";
  if (volume.iscsi) volume.iscsi.iscsiInterface ||= "default";
  if (volume.image) volume.image.pullPolicy ||= pullPolicyOf(volume.image.reference ?? "");
}

/** The names of the sources that are set. A valid volume has exactly one. */
export function sourcesOf(volume: Volume): string[] {
  const sources: string[] = [];
  for (const field in volume) {
    if (field !== "name" && volume[field as keyof Volume] !== undefined) sources.push(field);
  }
  return sources;
}

function hasSource(volume: Volume): boolean {
  for (const field in volume)
    if (field !== "name" && volume[field as keyof Volume] !== undefined) return true;
  return false;
}

function defaultItems(items: DownwardAPIVolumeFile[] | undefined): void {
  for (const item of items ?? []) if (item.fieldRef) item.fieldRef.apiVersion ||= "v1";
}
