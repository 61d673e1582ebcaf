import { parse, stringify } from "yaml";
import { badRequest } from "#base";

interface Named {
  name: string;
  context?: { namespace?: string; [field: string]: unknown };
}

/** The parts of a kubeconfig that are merged; everything else in the file is kept as it is. */
interface Kubeconfig {
  apiVersion?: string;
  kind?: string;
  clusters?: Named[];
  users?: Named[];
  contexts?: Named[];
  "current-context"?: string;
  [other: string]: unknown;
}

/**
 * `existing` with the clusters, users and contexts of `added` put in. Entries of the same name are replaced, but for the
 * namespace that a person has set in a context; all others stay; the current context changes only when there was none. Texts are
 * YAML. Throws BadRequest when `existing` is not a kubeconfig: it is then left alone.
 */
export function mergeKubeconfig(existing: string, added: string): string {
  const mine = parse(added) as Kubeconfig;
  const theirs = readExisting(existing);
  if (theirs === undefined) return added;
  for (const part of ["clusters", "users", "contexts"] as const) {
    const ours = new Map((mine[part] ?? []).map((entry) => [entry.name, entry]));
    // Where they were: kubectl keeps entries in an order of its own.
    const kept = (theirs[part] ?? []).map((entry) => replaced(entry, ours.get(entry.name)));
    const names = new Set(kept.map(({ name }) => name));
    theirs[part] = [...kept, ...[...ours.values()].filter(({ name }) => !names.has(name))];
  }
  if (!theirs["current-context"] && mine["current-context"])
    theirs["current-context"] = mine["current-context"];
  return stringify(theirs);
}

/** `existing` without the entries that `added` would put in: what a purge leaves. */
export function removeFromKubeconfig(existing: string, added: string): string {
  const mine = parse(added) as Kubeconfig;
  const theirs = readExisting(existing);
  if (theirs === undefined) return existing;
  for (const part of ["clusters", "users", "contexts"] as const) {
    const names = new Set((mine[part] ?? []).map(({ name }) => name));
    theirs[part] = (theirs[part] ?? []).filter(({ name }) => !names.has(name));
  }
  if (theirs["current-context"] === mine["current-context"]) theirs["current-context"] = "";
  return stringify(theirs);
}

function replaced(entry: Named, ours: Named | undefined): Named {
  const { namespace } = entry.context ?? {};
  if (!ours?.context || namespace === undefined) return ours ?? entry;
  return { ...ours, context: { ...ours.context, namespace } };
}

function readExisting(text: string): Kubeconfig | undefined {
  if (text.trim() === "") return undefined;
  const value: unknown = parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badRequest(
      "cannot merge into the kubeconfig: it is not a YAML map; move it away, or set KUBECONFIG to another file",
    );
  }
  return value as Kubeconfig;
}
