/** Fields of an object that nobody owns. */
export const ignoredRoot: ReadonlySet<string> = new Set(["apiVersion", "kind"]);

/** Fields of its metadata that nobody owns: identity, and what only the server writes. */
export const ignoredMetadata: ReadonlySet<string> = new Set([
  "name",
  "namespace",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "selfLink",
  "uid",
  "generation",
  "managedFields",
  "resourceVersion",
]);
