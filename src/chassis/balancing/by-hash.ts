import type { Candidate, Strategy } from "./strategy.ts";

/** Equal destinations go to the same instance: its cache is warm. What has no destination goes as if all had the same. */
export const destinationHashing: Strategy = () => (candidates, asked) =>
  rendezvous(candidates, asked.destination ?? "");

/** Equal sources go to the same instance: a session stays where it is. */
export const sourceHashing: Strategy = () => (candidates, asked) =>
  rendezvous(candidates, asked.source ?? "");

/**
 * Highest random weight (Thaler and Ravishankar, 1998): everybody draws a number that key and instance determine, and the highest wins. When an instance goes, only its own
 * keys move; when one comes, only those that it wins.
 */
function rendezvous(candidates: readonly Candidate[], key: string): Candidate {
  let best = candidates[0] as Candidate;
  let highest = Number.NEGATIVE_INFINITY;
  for (const each of candidates) {
    // -weight / ln(u), u in (0, 1): the chance to win is in proportion to weight.
    const drawn = -each.weight / Math.log((hash(`${each.instance.id}\n${key}`) + 0.5) / 0x1_0000_0000);
    if (drawn > highest) {
      best = each;
      highest = drawn;
    }
  }
  return best;
}

/** FNV-1a, and the finish of MurmurHash3: short keys that differ in one letter are far apart. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}
