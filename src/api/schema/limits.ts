/** Deeper JSON is refused: no kind nests a tenth of this, and recursive readers must not run out of stack. */
export const maxNestingDepth = 1_000;

/** Unknown and duplicate fields named per request, as Kubernetes does: the first hundred say enough. */
export const maxReportedFields = 100;
