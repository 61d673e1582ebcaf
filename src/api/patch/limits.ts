/** Operations in one JSON patch: Kubernetes' own limit, so that one request cannot hold the server long. */
export const maxJsonPatchOperations = 10_000;

/** How much `copy` operations of one patch may add to a document, in characters: each can double it. */
export const maxCopiedCharacters = 3 * 1024 * 1024;

/** How many elements the operations of one patch may push aside in lists: each insertion moves all that stand behind it. */
export const maxMovedElements = 10_000_000;

/** How deep a patch may be nested; deeper is hostile and would exhaust the stack. */
export const maxPatchDepth = 1_000;
