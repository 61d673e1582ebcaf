import { type Asked, type Candidate, least, type Strategy } from "../strategy.ts";

export interface HashingOptions {
  /**
   * How many times the average load one may have before the next takes over: 1.25 keeps a favourite from drowning its instance. Absent: any, and the
   * same always goes to the same.
   */
  readonly loadFactor?: number;
}

/** What is asked for decides: each instance sees its own part of the things, and can keep them at hand. */
export function destinationHash(options: HashingOptions = {}): Strategy {
  return hashing(({ destination }) => destination, options);
}

/** Who asks decides: a caller comes to the same instance each time, for as long as it is there. */
export function sourceHash(options: HashingOptions = {}): Strategy {
  return hashing(({ source }) => source, options);
}

/**
 * Rendezvous hashing, by weight: each instance draws a lot for the key, the best lot wins. When one goes, only its keys move, and to all others alike; when
 * one comes, it takes its share from all alike.
 */
function hashing(keyOf: (asked: Asked) => string, { loadFactor }: HashingOptions): Strategy {
  return {
    choose(candidates, asked) {
      const key = hash(keyOf(asked), offset);
      const cost = (candidate: Candidate) =>
        -Math.log((hash(candidate.instance.id, key) + 0.5) / 0x1_0000_0000) / candidate.weight;
      return least(loadFactor === undefined ? candidates : withRoom(candidates, loadFactor), cost);
    },
  };
}

/** Those below their share of all load, this request included, times the factor. There is always one: not everybody is above the average. */
function withRoom(candidates: readonly Candidate[], factor: number): readonly Candidate[] {
  let load = 1;
  let weights = 0;
  for (const { inFlight, weight } of candidates) {
    load += inFlight;
    weights += weight;
  }
  const room = candidates.filter(
    ({ inFlight, weight }) => inFlight < Math.ceil((factor * load * weight) / weights),
  );
  return room.length > 0 ? room : candidates;
}

const offset = 0x811c9dc5;

/** FNV-1a, and murmur3's last steps, without which the lots of ids that differ in their last letter would be alike. */
function hash(text: string, seed: number): number {
  let state = seed;
  for (let at = 0; at < text.length; at += 1) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}
