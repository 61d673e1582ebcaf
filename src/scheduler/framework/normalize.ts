import type { Trait, TraitScore } from "./plugin.ts";

/** Scores nodes by one number of theirs, in proportion to the highest that there is: the highest gets 100 when more is better, and 0 when less is. */
export function scoreByTrait(trait: Trait, { best }: { readonly best: "highest" | "lowest" }): TraitScore {
  return {
    by: "traits",
    traits: [trait],
    score(groups, scores) {
      let highest = 0;
      for (const { traits } of groups) highest = Math.max(highest, traits[0] as number);
      groups.forEach(({ traits }, index) => {
        const share = highest === 0 ? 0 : Math.floor(((traits[0] as number) * 100) / highest);
        scores[index] = best === "highest" ? share : 100 - share;
      });
    },
  };
}
