import { resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { messageOf } from "#base";
import { mergeKubeconfig, removeFromKubeconfig } from "#cli";
import type { Layout } from "#cluster";
import type { Host } from "#host";
import { mergedKubeconfigs, rememberKubeconfig } from "./merged-kubeconfigs.ts";
import { ownEntries } from "./own-entries.ts";

/** The person's own kubeconfig after a merge. */
export interface UserKubeconfig {
  readonly path: string;
  readonly context: string;
  /** True when kubectl uses the context without being told. */
  readonly current: boolean;
  readonly changed: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** A kubeconfig in which a purge looked for the context, and could not take it out. */
export interface KeptContext {
  readonly path: string;
  /** A sentence for the person, with the path in it. */
  readonly why: string;
  /** Whether there is nothing to take out: the file itself is gone. */
  readonly isGone: boolean;
}

/** Merges a cluster's context into the person's kubeconfig, and remembers where; other clusters in it stay as they are. */
export async function addToKubeconfig(
  host: Host,
  environment: Environment,
  { layout, text }: { readonly layout: Layout; readonly text: string },
): Promise<UserKubeconfig> {
  const path = userPath(environment);
  const before = (await host.files.read(path)) ?? "";
  const after = merged(path, () => mergeKubeconfig(before, text));
  const changed = !equivalent(before, after);
  // First: what is remembered and not there does no harm.
  await rememberKubeconfig(host, layout, resolve(path));
  if (changed) await write(host, environment, path, after);
  const context = (parse(text) as { "current-context": string })["current-context"];
  const current = (parse(after) as { "current-context"?: string })["current-context"] === context;
  return { path, context, current, changed };
}

/**
 * Takes a cluster's context out of every kubeconfig that it was written into, and out of the person's present one. What stands there of other
 * clusters stays, also of one that has the same name. Never fails: says where it could not.
 */
export async function removeFromKubeconfigs(
  host: Host,
  environment: Environment,
  { layout, text }: { readonly layout: Layout; readonly text: string },
): Promise<readonly KeptContext[]> {
  const remembered = await mergedKubeconfigs(host, layout);
  const kept: KeptContext[] = [];
  for (const path of new Set([...remembered, resolve(userPath(environment))])) {
    try {
      const isThere = await removeFrom(host, environment, path, text);
      if (isThere || !remembered.includes(path)) continue;
      kept.push({ path, why: `${path} is gone, and the context with it`, isGone: true });
    } catch (error) {
      const why = `the context may still be in ${path}: ${messageOf(error)}`;
      kept.push({ path, why, isGone: false });
    }
  }
  return kept;
}

/** Whether the kubeconfig is there. */
async function removeFrom(
  host: Host,
  environment: Environment,
  path: string,
  text: string,
): Promise<boolean> {
  const before = await host.files.read(path);
  if (before === undefined) return false;
  const own = ownEntries(before, text);
  if (own === undefined) return true;
  const after = removeFromKubeconfig(before, own);
  const { clusters, users, contexts } = parse(after) as Record<string, unknown[] | undefined>;
  const empty = [clusters, users, contexts].every((part) => (part ?? []).length === 0);
  if (empty) await host.files.remove(path);
  else await write(host, environment, path, after);
  return true;
}

/** The first file of `KUBECONFIG`, as kubectl takes it, else `~/.kube/config` of the person behind sudo. */
export function userPath(environment: Environment): string {
  const named = environment.KUBECONFIG?.split(":").find((path) => path !== "");
  return named ?? `${environment.HOME ?? "/root"}/.kube/config`;
}

async function write(host: Host, environment: Environment, path: string, text: string): Promise<void> {
  const directory = path.slice(0, path.lastIndexOf("/"));
  if (directory !== "") await host.files.makeDirectory(directory, { mode: 0o700 });
  const before = await host.files.stat(path);
  await host.files.write(path, text, { mode: 0o600 });
  const owner = Number(environment.SUDO_UID);
  if (Number.isInteger(owner) && path.startsWith(`${environment.HOME}/`)) {
    await host.files.changeOwner(path, { user: owner, group: Number(environment.SUDO_GID) });
  } else if (before) {
    // The file is a new one, and may be somebody else's who once made the cluster.
    await host.files.changeOwner(path, { user: before.user, group: before.group });
  }
}

/** Whatever order kubectl has written the fields in. */
function equivalent(a: string, b: string): boolean {
  return isDeepStrictEqual(parse(a), parse(b));
}

function merged(path: string, work: () => string): string {
  try {
    return work();
  } catch (error) {
    throw new Error(`cannot change ${path}: ${messageOf(error)}`, { cause: error });
  }
}
