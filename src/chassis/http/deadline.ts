/**
 * The header in which a deadline travels: milliseconds that are left, so that clocks need not agree. There is no standard for it; gRPC's
 * `grpc-timeout` means the same.
 */
export const deadlineHeader = "x-remaining-ms";

/** What a caller says is left; undefined when it says nothing that can be read. */
export function parseRemaining(header: string | string[] | undefined): number | undefined {
  return typeof header === "string" && /^\d{1,9}$/.test(header) ? Number(header) : undefined;
}
