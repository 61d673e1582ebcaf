import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { messageOf } from "#base";
import { mergeKubeconfig, removeFromKubeconfig } from "#cli";
import type { Host } from "#host";

/** The person's own kubeconfig after a merge. */
export interface UserKubeconfig {
  readonly path: string;
  readonly context: string;
  /** True when kubectl uses the context without being told. */
  readonly current: boolean;
  readonly changed: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Merges a cluster's context into the person's kubeconfig; other clusters in it stay as they are. */
export async function addToKubeconfig(
  host: Host,
  environment: Environment,
  added: { text: string },
): Promise<UserKubeconfig> {
  const path = userPath(environment);
  const before = (await host.files.read(path)) ?? "";
  const after = merged(path, () => mergeKubeconfig(before, added.text));
  const changed = !equivalent(before, after);
  if (changed) await write(host, environment, path, after);
  const context = (parse(added.text) as { "current-context": string })["current-context"];
  const current = (parse(after) as { "current-context"?: string })["current-context"] === context;
  return { path, context, current, changed };
}

/** Takes a cluster's context out of the person's kubeconfig again. */
export async function removeFromUserKubeconfig(
  host: Host,
  environment: Environment,
  added: { text: string },
): Promise<void> {
  const path = userPath(environment);
  const before = await host.files.read(path);
  if (before === undefined) return;
  const after = merged(path, () => removeFromKubeconfig(before, added.text));
  const { clusters, users, contexts } = parse(after) as Record<string, unknown[] | undefined>;
  const empty = [clusters, users, contexts].every((part) => (part ?? []).length === 0);
  if (empty) await host.files.remove(path);
  else if (!equivalent(before, after)) await write(host, environment, path, after);
}

/** The first file of `KUBECONFIG`, as kubectl takes it, else `~/.kube/config` of the person behind sudo. */
export function userPath(environment: Environment): string {
  const named = environment.KUBECONFIG?.split(":").find((path) => path !== "");
  return named ?? `${environment.HOME ?? "/root"}/.kube/config`;
}

async function write(host: Host, environment: Environment, path: string, text: string): Promise<void> {
  const directory = path.slice(0, path.lastIndexOf("/"));
  if (directory !== "") await host.files.makeDirectory(directory, { mode: 0o700 });
  await host.files.write(path, text, { mode: 0o600 });
  const owner = Number(environment.SUDO_UID);
  if (Number.isInteger(owner) && path.startsWith(`${environment.HOME}/`)) {
    await host.files.changeOwner(path, { user: owner, group: Number(environment.SUDO_GID) });
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
