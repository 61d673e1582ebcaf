import * as tokens from "../generated/resources.ts";
import type { KubernetesObject, Resource } from "../resource.ts";
import { defineKind } from "./define-kind.ts";
import type { KindDefinition } from "./kind-definition.ts";

/** Every built-in kind, written by hand: a kind that is not in this list is not served. */
export const kindDefinitions: readonly KindDefinition[] = tokens.builtInResources.map((resource) =>
  defineKind(resource),
);

const byResource = new Map(kindDefinitions.map((definition) => [keyOf(definition.resource), definition]));

/** The definition of a built-in kind by where it is served; undefined for any other. */
export function kindDefinitionOf<T extends KubernetesObject>(
  resource: Pick<Resource<T>, "group" | "version" | "resource">,
): KindDefinition<T> | undefined {
  return byResource.get(keyOf(resource)) as KindDefinition<T> | undefined;
}

function keyOf(resource: Pick<Resource, "group" | "version" | "resource">): string {
  return `${resource.group}/${resource.version}/${resource.resource}`;
}
