import type { PolicyRule } from "#api";

/**
 * The part of `wanted` that `held` does not allow, as small rules with one group and resource (or path) each; empty
 * when everything wanted is held. What one may grant is what one holds.
 */
export function uncovered(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  const missing = new Map<string, PolicyRule>();
  for (const each of wanted.flatMap(atoms)) {
    if (held.some((rule) => covers(rule, each))) continue;
    const key = JSON.stringify([each.apiGroups, each.resources, each.resourceNames, each.nonResourceURLs]);
    const known = missing.get(key);
    if (!known) missing.set(key, each);
    else if (!known.verbs.includes(each.verbs[0] ?? "")) known.verbs.push(...each.verbs);
  }
  return [...missing.values()].sort((a, b) => (formatRule(a) < formatRule(b) ? -1 : 1));
}

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`, as Kubernetes prints rules in messages. */
export function formatRule(rule: PolicyRule): string {
  const parts: string[] = [];
  const add = (label: string, values: readonly string[] | undefined) => {
    if (values?.length) parts.push(`${label}:[${values.map((value) => JSON.stringify(value)).join(" ")}]`);
  };
  add("APIGroups", rule.apiGroups);
  add("Resources", rule.resources);
  add("ResourceNames", rule.resourceNames);
  add("NonResourceURLs", rule.nonResourceURLs);
  add("Verbs", rule.verbs);
  return `{${parts.join(", ")}}`;
}

/** A rule as the smallest rules that together say the same. */
function atoms(rule: PolicyRule): PolicyRule[] {
  const names = rule.resourceNames?.length ? rule.resourceNames.map((name) => [name]) : [undefined];
  const list: PolicyRule[] = [];
  for (const verb of rule.verbs ?? []) {
    for (const url of rule.nonResourceURLs ?? []) list.push({ nonResourceURLs: [url], verbs: [verb] });
    for (const group of rule.apiGroups ?? []) {
      for (const resource of rule.resources ?? []) {
        for (const resourceNames of names) {
          const atom = { apiGroups: [group], resources: [resource], verbs: [verb] };
          list.push(resourceNames ? { ...atom, resourceNames } : atom);
        }
      }
    }
  }
  return list;
}

function covers(held: PolicyRule, atom: PolicyRule): boolean {
  if (!includes(held.verbs, atom.verbs[0])) return false;
  const url = atom.nonResourceURLs?.[0];
  if (url !== undefined) return (held.nonResourceURLs ?? []).some((pattern) => pathCovers(pattern, url));
  return (
    includes(held.apiGroups, atom.apiGroups?.[0]) &&
    resourceCovered(held.resources ?? [], atom.resources?.[0] ?? "") &&
    nameCovered(held.resourceNames, atom.resourceNames?.[0])
  );
}

function includes(list: readonly string[] | undefined, value: string | undefined): boolean {
  return list !== undefined && (list.includes("*") || (value !== undefined && list.includes(value)));
}

function resourceCovered(held: readonly string[], wanted: string): boolean {
  const slash = wanted.indexOf("/");
  return (
    held.includes("*") || held.includes(wanted) || (slash > 0 && held.includes(`*${wanted.slice(slash)}`))
  );
}

function nameCovered(held: readonly string[] | undefined, wanted: string | undefined): boolean {
  return !held?.length || (wanted !== undefined && held.includes(wanted));
}

function pathCovers(pattern: string, path: string): boolean {
  return pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : pattern === path;
}
