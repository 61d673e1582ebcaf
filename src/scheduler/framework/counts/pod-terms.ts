import type { PodAffinityTerm } from "#api";
import type { PodShape } from "../pod-shape.ts";
import { type AffinityTerm, compileAffinityTerm } from "./affinity-term.ts";

/** What pods of a shape want of the pods around them. */
export interface PodTerms {
  readonly required: readonly AffinityTerm[];
  readonly forbidden: readonly AffinityTerm[];
  /** Weights of anti-affinity are negative. */
  readonly preferred: readonly PreferredTerm[];
}

export interface PreferredTerm {
  readonly term: AffinityTerm;
  readonly weight: number;
}

const known = new WeakMap<PodShape, PodTerms>();

export function termsOf(shape: PodShape): PodTerms {
  const { podAffinity, podAntiAffinity } = shape.spec.affinity ?? {};
  if (!podAffinity && !podAntiAffinity) return noTerms;
  const found = known.get(shape);
  if (found) return found;
  const compile = (term: PodAffinityTerm) => compileAffinityTerm(term, shape);
  const weighted = (terms: typeof podAffinity, sign: 1 | -1) =>
    (terms?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm, weight }) => ({
      term: compile(podAffinityTerm),
      weight: sign * weight,
    }));
  const terms = {
    required: (podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(compile),
    forbidden: (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(compile),
    preferred: [...weighted(podAffinity, 1), ...weighted(podAntiAffinity, -1)],
  };
  known.set(shape, terms);
  return terms;
}

const noTerms: PodTerms = { required: [], forbidden: [], preferred: [] };
