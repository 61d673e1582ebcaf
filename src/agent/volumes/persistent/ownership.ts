import type { Host } from "#host";
import { limits } from "../../limits.ts";

export interface Ownership {
  readonly path: string;
  /** `fsGroup` */
  readonly group: number;
  /** `fsGroupChangePolicy`: `Always`, or only when the root differs (`OnRootMismatch`). */
  readonly policy: string;
}

/**
 * Lets a group read and write a volume, and what will be made in it: as the kubelet does, everything in it is handed over. Links are never
 * followed: a container may have put them there.
 */
export async function giveToGroup(host: Host, { path, group, policy }: Ownership): Promise<void> {
  const root = await host.files.stat(path);
  const isGiven = root?.group === group && (root.mode & groupBits) === groupBits;
  if (isGiven && policy === "OnRootMismatch") return;
  const run = (program: string, ...words: string[]) =>
    host.run({ program, arguments: words, timeoutMs: limits.ownershipMs });
  await run("chgrp", "--no-dereference", "--recursive", "--", String(group), path);
  await run("find", path, "-type", "f", "-execdir", "chmod", "ug+rw", "{}", "+");
  // The directories last, the root after what is in it: so that a root that looks right means that all was done.
  await run("find", path, "-depth", "-type", "d", "-execdir", "chmod", "ug+rwx,g+s", "{}", "+");
}

const groupBits = 0o2070;
