import type { Catalogue, ServedKind } from "../registry/catalogue.ts";

/** A version of a group, with the kinds that it serves. */
export interface ServedVersion {
  readonly version: string;
  readonly kinds: readonly ServedKind[];
}

export interface ServedGroup {
  /** Empty for the core group. */
  readonly name: string;
  /** The preferred version first. */
  readonly versions: readonly ServedVersion[];
}

/** What is served, by group: those that clients ask first come first. */
export function servedGroups(catalogue: Catalogue): ServedGroup[] {
  const groups = new Map<string, Map<string, ServedKind[]>>();
  for (const kind of catalogue.all()) {
    const { group, version } = kind.resource;
    const versions = groups.get(group) ?? new Map<string, ServedKind[]>();
    groups.set(group, versions);
    versions.set(version, [...(versions.get(version) ?? []), kind]);
  }
  return [...groups]
    .map(([name, versions]) => ({
      name,
      versions: [...versions]
        .map(([version, kinds]) => ({ version, kinds: [...kinds].sort(byResource) }))
        .sort((a, b) => compareVersions(b.version, a.version)),
    }))
    .sort((a, b) => rank(a.name) - rank(b.name) || compare(a.name, b.name));
}

export function groupVersionOf(group: string, version: string): string {
  return group ? `${group}/${version}` : version;
}

/** Orders versions by maturity, then by number: v1alpha1 < v1beta1 < v1 < v2. */
export function compareVersions(a: string, b: string): number {
  const left = versionParts(a);
  const right = versionParts(b);
  for (const [index, part] of left.entries()) {
    const difference = part - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return compare(a, b);
}

function versionParts(version: string): number[] {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (!match) return [-1, 0, 0];
  const stage = match[2] === undefined ? 2 : match[2] === "beta" ? 1 : 0;
  return [stage, Number(match[1]), Number(match[3] ?? 0)];
}

/** Where two groups serve a resource of one name, tools take the first: the order is upstream's. */
const groupOrder = [
  "",
  "apiregistration.k8s.io",
  "apps",
  "events.k8s.io",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "autoscaling",
  "batch",
  "certificates.k8s.io",
  "networking.k8s.io",
  "policy",
  "rbac.authorization.k8s.io",
  "storage.k8s.io",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "scheduling.k8s.io",
  "coordination.k8s.io",
  "node.k8s.io",
  "discovery.k8s.io",
  "resource.k8s.io",
  "flowcontrol.apiserver.k8s.io",
];

function rank(group: string): number {
  const at = groupOrder.indexOf(group);
  return at < 0 ? groupOrder.length : at;
}

function byResource(a: ServedKind, b: ServedKind): number {
  return compare(a.resource.resource, b.resource.resource);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
