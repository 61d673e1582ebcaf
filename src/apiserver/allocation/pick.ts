import type { Random } from "#base";

/**
 * A free offset below `size`, chosen at random from above the `reserved` ones at the start; those come last, because
 * people pick fixed addresses and ports there (KEP-3070, KEP-3668). Undefined when nothing is free.
 */
export function pickFree(options: {
  readonly size: number;
  readonly reserved: number;
  readonly isTaken: (offset: number) => boolean;
  readonly random: Random;
}): number | undefined {
  const { size, reserved, isTaken, random } = options;
  return firstFree(reserved, size, isTaken, random) ?? firstFree(0, reserved, isTaken, random);
}

/** From a random start once around: mostly the first look finds a free one. */
function firstFree(
  from: number,
  to: number,
  isTaken: (offset: number) => boolean,
  random: Random,
): number | undefined {
  const length = to - from;
  if (length <= 0) return undefined;
  const start = random.uint32() % length;
  for (let step = 0; step < length; step += 1) {
    const offset = from + ((start + step) % length);
    if (!isTaken(offset)) return offset;
  }
  return undefined;
}

/** How much of a range is kept for people who pick: a `divisor`th, between `least` and `most`. */
export function reservedPart(size: number, bounds: { divisor: number; least: number; most: number }): number {
  const part = Math.min(bounds.most, Math.max(bounds.least, Math.floor(size / bounds.divisor)));
  return part < size ? part : 0;
}
