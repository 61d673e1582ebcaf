import { type Random, seededRandom } from "#base";

/** The source of one part of a run: what one part draws does not shift what another draws. */
export function randomFor(seed: number, part: string): Random {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let at = 0; at < part.length; at += 1) {
    hash = Math.imul(hash ^ part.charCodeAt(at), 0x01000193) >>> 0;
  }
  return seededRandom(hash);
}

/** A number from `least` up to `most`. */
export function between(random: Random, [least, most]: Range): number {
  return least + random.float() * (most - least);
}

/** A whole number from `least` to `most`, both included. */
export function wholeBetween(random: Random, [least, most]: Range): number {
  return least + Math.floor(random.float() * (most - least + 1));
}

export function pick<T>(random: Random, items: readonly T[]): T | undefined {
  return items[Math.floor(random.float() * items.length)];
}

export function happens(random: Random, probability: number): boolean {
  return random.float() < probability;
}

/** Least and most. */
export type Range = readonly [number, number];
