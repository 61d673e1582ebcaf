/**
 * A count that may be written as a share of `total` (`3`, `"25%"`), as a count; `round` says what becomes of a part of one.
 * 0 for what is neither: validation refuses it before.
 */
export function countOf(
  value: string | number,
  total: number,
  round: (amount: number) => number = Math.ceil,
): number {
  if (typeof value === "number") return value;
  const percent = /^(\d+)%$/.exec(value)?.[1];
  return percent === undefined ? Number(value) || 0 : round((Number(percent) * total) / 100);
}
