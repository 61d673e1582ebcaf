import { apiVersionOf, builtInResources, type KubernetesObject, type Resource } from "#api";
import { asApplied, isApplied } from "./as-applied.ts";
import { mistakesOfKind } from "./kind-check.ts";
import { type Located, readYaml, unknown } from "./located.ts";
import type { Mistake } from "./mistakes.ts";
import type { PlacedObject } from "./scenario.ts";
import { mistakesOfSize } from "./size-check.ts";

/** Files beside a scenario. */
export interface Files {
  /** The text of a file named in `from`, and the name under which mistakes in it are told; undefined: there is none. */
  read(path: string): { readonly name: string; readonly text: string } | undefined;
}

/** The objects of a list of manifests: paths of files, and objects written out in place. */
export function manifests(list: readonly Located[], files: Files, mistakes: Mistake[]): PlacedObject[] {
  return list.flatMap((item) => (item.isMap ? objects(item) : manifestFile(item, files, mistakes)));
}

/** The objects of one file that `path` names. */
export function manifestFile(path: Located, files: Files, mistakes: Mistake[]): PlacedObject[] {
  if (typeof path.scalar !== "string") {
    path.complain("a manifest is the path of a YAML file, or an object with apiVersion and kind");
    return [];
  }
  const file = files.read(path.scalar);
  if (!file) {
    path.complain(`there is no file "${path.scalar}"; paths start from the scenario's folder`);
    return [];
  }
  return readYaml(file.name, file.text, mistakes).flatMap((document) => objects(document));
}

/** The kind of an object, which is one that the API serves. */
export function resourceOf({ apiVersion, kind }: KubernetesObject): Resource | undefined {
  return builtInResources.find((one) => one.kind === kind && apiVersionOf(one) === apiVersion);
}

/** `shop/web`, `default` where nothing is said. */
export function nameOf({ metadata }: KubernetesObject): string {
  return `${metadata?.namespace ?? "default"}/${metadata?.name ?? ""}`;
}

/** One object, or those of a `List` as `kubectl get -o yaml` prints it. */
function objects(value: Located): PlacedObject[] {
  const fields = value.isMap ? value.entries("a manifest") : [];
  if (fields.some(({ key, value: is }) => key === "kind" && is.scalar === "List")) {
    const items = fields.find(({ key }) => key === "items")?.value;
    return items?.items("items").flatMap((item) => objects(item)) ?? [];
  }
  const found = object(value);
  return found ? [found] : [];
}

function object(value: Located): PlacedObject | undefined {
  if (!value.isMap) return value.complain("an object with apiVersion and kind is needed here");
  const plain = value.toPlain() as KubernetesObject | undefined;
  if (!plain) return undefined;
  const resource = resourceOf(plain);
  if (!resource) {
    const versions = builtInResources.filter(({ kind }) => kind === plain.kind).map(apiVersionOf);
    return value.complain(
      versions.length > 0
        ? `${plain.kind} is served as ${versions.join(", ")}, not as ${plain.apiVersion ?? "nothing: apiVersion is missing"}`
        : unknown("kind", plain.kind ?? "", kinds()),
    );
  }
  const wrong = [...mistakesOfKind(plain, resource), ...mistakesOfSize(plain)];
  for (const { field, message } of wrong) value.complainAt(field, message);
  if (wrong.length > 0) return undefined;
  if (typeof plain.metadata?.name !== "string") {
    return value.complain(
      `this ${plain.kind} needs a metadata.name: an object without a name cannot be applied`,
    );
  }
  const isRead = plain.metadata.uid !== undefined || plain.metadata.resourceVersion !== undefined;
  // What a server has printed is applied as somebody would have written it; what others own comes again by itself.
  if (isRead && !isApplied(plain)) return undefined;
  const namespace = resource.namespaced ? (plain.metadata.namespace ?? "default") : undefined;
  const own = isRead ? asApplied(plain, resource) : plain;
  return {
    object: { ...own, metadata: { ...own.metadata, ...(namespace === undefined ? {} : { namespace }) } },
    place: value.place,
    placeOf: (field) => value.placeOf(field),
  };
}

function kinds(): string[] {
  return builtInResources.filter(({ verbs }) => verbs.includes("patch")).map(({ kind }) => kind);
}
