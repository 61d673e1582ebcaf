import type { PolicyRule } from "#api";

/** A rule in words: `rule("get list", "apps", "deployments deployments/scale")`. `""` is the core group. */
export function rule(
  verbs: string,
  groups: string,
  resources: string,
  ...resourceNames: string[]
): PolicyRule {
  return {
    apiGroups: groups.split(" "),
    resources: resources.split(" "),
    ...(resourceNames.length ? { resourceNames } : {}),
    verbs: verbs.split(" "),
  };
}

/** A rule for paths that are no resources. */
export function paths(verbs: string, urls: string): PolicyRule {
  return { nonResourceURLs: urls.split(" "), verbs: verbs.split(" ") };
}

export const read = "get list watch";
export const write = "create delete deletecollection patch update";
export const readWrite = "create delete deletecollection get list patch update watch";

/** Every controller records what it did, in the old events and the new. */
export const recordEvents: PolicyRule = rule("create patch update", " events.k8s.io", "events");
