import type { Clock, Random } from "#base";
import { limits } from "../limits.ts";

/**
 * When one of many nodes renews its lease: in a turn that it draws, the same in every interval. Spread over it as they are in a cluster that has
 * grown, but some of them together: renewals that come at once share a commit, a sync of the disk and the wake-ups of all who hear of them.
 * Returns how long it is until the next turn, from now on.
 */
export function beats({ clock, random }: { readonly clock: Clock; readonly random: Random }): () => number {
  const turnMs = Math.floor(random.float() * (limits.beatMs / limits.beatTurnMs)) * limits.beatTurnMs;
  return () => {
    const untilMs = limits.beatMs - ((clock.monotonicMs() + limits.beatMs - turnMs) % limits.beatMs);
    // A timer may fire a little early: that turn has been taken.
    return untilMs < limits.beatMs / 2 ? untilMs + limits.beatMs : untilMs;
  };
}
