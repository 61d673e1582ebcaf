import type { Job } from "#api";
import { parseIndexes } from "./indexes.ts";

/** Which rule of the job's success policy is met, in words; undefined: none. */
export function metSuccessRule({ spec }: Job, succeeded: ReadonlySet<number>): string | undefined {
  const rules = spec?.successPolicy?.rules ?? [];
  const at = rules.findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined)
      return succeededCount !== undefined && succeeded.size >= succeededCount;
    const wanted = parseIndexes(succeededIndexes, spec?.completions ?? 0);
    const there = [...wanted].filter((index) => succeeded.has(index)).length;
    return there >= (succeededCount ?? wanted.size);
  });
  return at < 0 ? undefined : `Matched rules at index ${at}`;
}
