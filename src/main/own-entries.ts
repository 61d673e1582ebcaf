import { isDeepStrictEqual } from "node:util";
import { parse, stringify } from "yaml";

interface Kubeconfig {
  readonly clusters?: readonly Entry[];
  readonly users?: readonly Entry[];
  readonly contexts?: readonly Entry[];
  readonly "current-context"?: string;
}

interface Entry {
  readonly name: string;
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly user?: Readonly<Record<string, unknown>>;
  readonly context?: { readonly cluster?: string; readonly user?: string };
}

/**
 * The part of a kubeconfig that is about one cluster, whose own is `added`: as a kubeconfig, undefined when there is none. A cluster of the same name
 * that is served elsewhere, or by another authority, is another cluster; a context is the cluster's whatever it was renamed to. Texts are YAML. Pure.
 */
export function ownEntries(existing: string, added: string): string | undefined {
  const ours = parse(added) as Kubeconfig;
  const theirs = parse(existing) as Kubeconfig | null;
  if (typeof theirs !== "object" || theirs === null) return undefined;
  const clusters = (theirs.clusters ?? []).filter((entry) => ours.clusters?.some(isSameCluster(entry)));
  const isOwn = (cluster = "") => clusters.some(({ name }) => name === cluster);
  const contexts = (theirs.contexts ?? []).filter(({ context }) => isOwn(context?.cluster));
  const others = (theirs.contexts ?? []).filter((entry) => !contexts.includes(entry));
  // By its name only where its cluster is there: keys may be older ones. Else by its keys.
  const isOwnUser = (entry: Entry) =>
    ours.users?.some(
      ({ name, user }) => (name === entry.name && clusters.length > 0) || isDeepStrictEqual(user, entry.user),
    );
  const users = (theirs.users ?? []).filter(
    (entry) => isOwnUser(entry) && !others.some(({ context }) => context?.user === entry.name),
  );
  if (clusters.length + contexts.length + users.length === 0) return undefined;
  const current = theirs["current-context"];
  const isCurrent = contexts.some(({ name }) => name === current);
  return stringify({ clusters, users, contexts, ...(isCurrent ? { "current-context": current } : {}) });
}

function isSameCluster(entry: Entry): (own: Entry) => boolean {
  const telling = ["server", "certificate-authority-data"];
  return (own) => telling.every((field) => isDeepStrictEqual(own.cluster?.[field], entry.cluster?.[field]));
}
