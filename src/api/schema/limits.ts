/** Deeper JSON is refused: no kind nests a tenth of this, and recursive readers must not run out of stack. */
export const maxNestingDepth = 1_000;

/**
 * Fields and elements of one body. Each costs two dozen bytes when it is stored, with who owns it, so that no object of
 * this many can be; reading and comparing them takes far longer than their bytes let one think.
 */
export const maxBodyValues = 100_000;

/** Unknown and duplicate fields named per request, as Kubernetes does: the first hundred say enough. */
export const maxReportedFields = 100;
