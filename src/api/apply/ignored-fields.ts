import { type FieldSet, isEmptySet } from "./field-set.ts";

/** What nobody owns: identity, and what only the server writes. */
export const ignoredRootElements: ReadonlySet<string> = new Set(["f:apiVersion", "f:kind"]);

const ignoredMetadata = [
  "f:name",
  "f:namespace",
  "f:creationTimestamp",
  "f:deletionTimestamp",
  "f:deletionGracePeriodSeconds",
  "f:selfLink",
  "f:uid",
  "f:generation",
  "f:managedFields",
  "f:resourceVersion",
];

/** Takes what nobody owns out of a set that belongs to the caller. */
export function withoutIgnored(root: FieldSet): FieldSet {
  for (const element of ignoredRootElements) delete root[element];
  const metadata = root["f:metadata"];
  if (metadata === undefined) return root;
  for (const element of ignoredMetadata) delete metadata[element];
  delete metadata["."];
  if (isEmptySet(metadata)) delete root["f:metadata"];
  return root;
}
