import type { PackageDefinition } from "../../src/api/definitions/definition.ts";

/**
 * The name of every type in TypeScript. Most types keep their Kubernetes name. Where packages share one, a kind wins
 * over a part of a kind, then the newest version of a group, then the first package in `preferred`; the others carry
 * their package in front: `EventsV1Event`, `DiscoveryV1EndpointPort`.
 */
export function typeNames(packages: ReadonlyMap<string, PackageDefinition>): Map<string, string> {
  const claims = new Map<string, string[]>();
  for (const [owner, definition] of packages) {
    for (const name of Object.keys(definition.types)) {
      claims.set(name, [...(claims.get(name) ?? []), owner]);
    }
  }
  const names = new Map<string, string>();
  for (const [name, owners] of claims) {
    const winner = [...owners].sort((a, b) => rank(packages, a, name) - rank(packages, b, name))[0];
    for (const owner of owners) {
      names.set(`${owner}.${name}`, owner === winner ? name : prefixed(owner, name));
    }
  }
  return names;
}

/** The name of every resource's token by `group-version package/plural`: `pods`, `networkPolicies`, `eventsV1Events`. */
export function tokenNames(
  packages: ReadonlyMap<string, PackageDefinition>,
  types: ReadonlyMap<string, string>,
): Map<string, string> {
  const names = new Map<string, string>();
  for (const [owner, definition] of packages) {
    for (const [plural, resource] of Object.entries(definition.resources ?? {})) {
      const type = types.get(`${owner}.${resource.kind}`) ?? resource.kind;
      const taken = type !== resource.kind;
      const name = pluralOf(resource.kind, plural);
      names.set(
        `${owner}/${plural}`,
        taken ? lowerFirst(prefixed(owner, upperFirst(name))) : lowerFirst(name),
      );
    }
  }
  return names;
}

const preferred: readonly string[] = ["core.v1", "meta.v1", "rbac.v1", "autoscaling.v2"];

function rank(packages: ReadonlyMap<string, PackageDefinition>, owner: string, name: string): number {
  const part = packages.get(owner)?.types[name]?.kind ? 0 : 100;
  const place = preferred.indexOf(owner);
  return part + (place === -1 ? 10 : place);
}

/** `events.v1` and `Event` → `EventsV1Event`. */
function prefixed(owner: string, name: string): string {
  return owner.split(".").map(upperFirst).join("") + name;
}

/** `NetworkPolicy`, `networkpolicies` → `NetworkPolicies`. */
function pluralOf(kind: string, plural: string): string {
  const lower = kind.toLowerCase();
  let same = 0;
  while (same < lower.length && lower[same] === plural[same]) same += 1;
  return kind.slice(0, same) + plural.slice(same);
}

function upperFirst(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** Lowers a leading acronym whole: `CSIDrivers` → `csiDrivers`, `IPAddresses` → `ipAddresses`. */
function lowerFirst(word: string): string {
  return word.replace(/^[A-Z]+(?=[A-Z][a-z])|^[A-Z]/, (start) => start.toLowerCase());
}
