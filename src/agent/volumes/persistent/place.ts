import {
  isUsableOn,
  localProvisioner,
  type PersistentVolume,
  provisionedBy,
  type SelectableNode,
} from "#api";
import type { Host } from "#host";
import { setUpHostPath } from "../host-path.ts";

export interface PlaceOptions {
  readonly host: Host;
  /** Below it lie the directories that volumes of the built-in class are. */
  readonly root: string;
  readonly node: SelectableNode;
}

/** Where a volume's data lie on this node; a directory of the built-in class is made when it is used first. Throws when they do not. */
export async function placeOf(volume: PersistentVolume, { host, root, node }: PlaceOptions): Promise<string> {
  const { hostPath, local } = volume.spec ?? {};
  if (!isUsableOn(volume, node))
    throw new Error(`the volume is not on node ${node.name}: no matching NodeSelectorTerms`);
  if (hostPath) return setUpHostPath(host, hostPath);
  if (!local) throw new Error(`persistent volumes of type ${sourceOf(volume)} are not supported yet`);
  if (isOwnDirectory(volume, root)) await makeDirectory(host, local.path);
  const real = await host.files.realPath(local.path);
  if (real === undefined) throw new Error(`path "${local.path}" does not exist`);
  const found = await host.files.stat(real);
  if (found?.kind !== "directory") throw new Error(`path "${local.path}" is not a directory`);
  return real;
}

/** Whether the volume is a directory that this agent keeps: exactly the one of its name, whatever its path says. */
export function isOwnDirectory({ metadata, spec }: PersistentVolume, root: string): boolean {
  return (
    metadata?.annotations?.[provisionedBy] === localProvisioner &&
    spec?.local?.path === `${root}/${metadata.name}`
  );
}

/** Whoever runs in the pod may write it. */
async function makeDirectory({ files }: Host, path: string): Promise<void> {
  if (await files.exists(path)) return;
  await files.makeDirectory(path, { mode: 0o777 });
  // The umask must not narrow it.
  await files.changeMode(path, 0o777);
}

function sourceOf({ spec }: PersistentVolume): string {
  const fields = ["nfs", "csi", "iscsi", "fc", "rbd", "cephfs", "glusterfs"] as const;
  return fields.find((field) => spec?.[field]) ?? "that kind";
}
