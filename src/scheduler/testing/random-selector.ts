import fc from "fast-check";
import type { LabelSelector, LabelSelectorRequirement, NodeSelectorRequirement } from "#api";
import { absent, few, labels, sparse } from "./sparse.ts";

type Vocabulary = Readonly<Record<string, readonly string[]>>;

/** Label selectors over a vocabulary; now and then one that selects everything. */
export function selector(vocabulary: Vocabulary): fc.Arbitrary<LabelSelector> {
  return sparse<LabelSelector>({
    matchLabels: absent(4, labels(vocabulary)),
    matchExpressions: absent(6, few(2, labelRequirement(vocabulary))),
  });
}

function labelRequirement(vocabulary: Vocabulary): fc.Arbitrary<LabelSelectorRequirement> {
  return fc.constantFrom(...Object.entries(vocabulary)).chain(([key, values]) =>
    fc.oneof(
      fc.record({
        key: fc.constant(key),
        operator: fc.constantFrom("In", "NotIn"),
        values: few(2, fc.constantFrom(...values)),
      }),
      fc.record({ key: fc.constant(key), operator: fc.constantFrom("Exists", "DoesNotExist") }),
    ),
  );
}

/** As in node affinity, which compares numbers too. */
export function nodeRequirement(vocabulary: Vocabulary): fc.Arbitrary<NodeSelectorRequirement> {
  return fc.oneof(
    { weight: 3, arbitrary: labelRequirement(vocabulary) },
    {
      weight: 1,
      arbitrary: fc.record({
        key: fc.constant("cores"),
        operator: fc.constantFrom("Gt", "Lt"),
        values: fc.constantFrom("1", "2", "9").map((value) => [value]),
      }),
    },
  );
}
