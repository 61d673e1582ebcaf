/**
 * Orders two resource versions: negative when `a` is older. Kubernetes promises since 1.35 that they are
 * integers of one order per server (KEP-5504); compared as text, so their size does not matter.
 */
export function compareRevisions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
