import type { NamespaceCondition } from "#api";
import { withCondition } from "../shared/condition.ts";

/** What one kind still has in the namespace. */
export interface Content {
  /** As in messages: `deployments.apps`. */
  readonly resource: string;
  readonly count: number;
  /** Those of them that nobody has asked to go yet. */
  readonly undeleted: number;
  /** Objects by the finalizers that hold them. */
  readonly finalizers: ReadonlyMap<string, number>;
}

/** Pods go first and the rest once they are gone: what guards them (policies) must not go before them (KEP-5080). */
export function nextToDelete(contents: readonly Content[]): readonly string[] {
  const pods = contents.filter(({ resource }) => resource === "pods");
  const next = pods.length > 0 ? pods : contents;
  return next.filter(({ undeleted }) => undeleted > 0).map(({ resource }) => resource);
}

/** What is left, and what holds it, for people who wait for the namespace to go. */
export function conditionsFor(
  old: readonly NamespaceCondition[] | undefined,
  contents: readonly Content[],
  { discoveryFailure, now }: { discoveryFailure: string | undefined; now: string },
): NamespaceCondition[] {
  const finalizers = new Map<string, number>();
  for (const content of contents) {
    for (const [name, count] of content.finalizers) finalizers.set(name, (finalizers.get(name) ?? 0) + count);
  }
  const remaining = contents.map(({ resource, count }) => `${resource} has ${count} resource instances`);
  const holding = Array.from(finalizers, ([name, count]) => `${name} in ${count} resource instances`);
  const next: NamespaceCondition[] = [
    discoveryFailure === undefined
      ? says("DiscoveryFailure", false, "ResourcesDiscovered", "All resources successfully discovered")
      : says("DiscoveryFailure", true, "DiscoveryFailed", discoveryFailure),
    says(
      "GroupVersionParsingFailure",
      false,
      "ParsedGroupVersions",
      "All legacy kube types successfully parsed",
    ),
    says(
      "ContentFailure",
      false,
      "ContentDeleted",
      "All content successfully deleted, may be waiting on finalization",
    ),
    remaining.length > 0
      ? left(
          "NamespaceContentRemaining",
          "SomeResourcesRemain",
          `Some resources are remaining: ${remaining.sort().join(", ")}`,
        )
      : none("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed"),
    holding.length > 0
      ? left(
          "NamespaceFinalizersRemaining",
          "SomeFinalizersRemain",
          `Some content in the namespace has finalizers remaining: ${holding.sort().join(", ")}`,
        )
      : none(
          "NamespaceFinalizersRemaining",
          "ContentHasNoFinalizers",
          "All content-preserving finalizers finished",
        ),
  ];
  return next.reduce<NamespaceCondition[]>((list, one) => withCondition(list, one, now), [...(old ?? [])]);
}

function says(what: string, isTrue: boolean, reason: string, message: string): NamespaceCondition {
  return { type: `NamespaceDeletion${what}`, status: isTrue ? "True" : "False", reason, message };
}

function left(type: string, reason: string, message: string): NamespaceCondition {
  return { type, status: "True", reason, message };
}

function none(type: string, reason: string, message: string): NamespaceCondition {
  return { type, status: "False", reason, message };
}
