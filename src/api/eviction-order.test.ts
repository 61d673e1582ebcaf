import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compareForEviction, type EvictionCandidate, exceedsRequest, isCritical } from "./eviction-order.ts";
import { qosClassOf } from "./qos.ts";

interface Traits {
  readonly usage?: number | undefined;
  readonly request?: number;
  readonly priority?: number;
}

function candidate(name: string, { usage, request = 0, priority = 0 }: Traits): EvictionCandidate {
  const resources = request === 0 ? {} : { requests: { memory: `${request}` } };
  return {
    pod: { metadata: { name }, spec: { containers: [{ name: "c", resources }], priority } },
    usage,
    request,
  };
}

test("who uses more than it asked for goes first, then the less important, then the greediest", () => {
  const order = [
    candidate("within", { usage: 5, request: 10 }),
    candidate("important", { usage: 20, request: 10, priority: 100 }),
    candidate("greedy", { usage: 30, request: 10 }),
    candidate("over", { usage: 11, request: 10 }),
    candidate("unknown", { request: 10, priority: 100 }),
    candidate("exact", { usage: 10, request: 10, priority: 100 }),
    candidate("asks for nothing", { usage: 12 }),
  ].sort(compareForEviction);
  assert.deepEqual(
    order.map(({ pod }) => pod.metadata?.name),
    ["unknown", "greedy", "asks for nothing", "over", "important", "within", "exact"],
  );
});

test("the system's own pods are told from others by their priority", () => {
  const withPriority = (priority: number) => candidate("p", { priority }).pod;
  assert.deepEqual([2_000_001_000, 2_000_000_000, 1_999_999_999, 0].map(withPriority).map(isCritical), [
    true,
    true,
    false,
    false,
  ]);
});

const traits = fc.record({
  usage: fc.option(fc.nat(6), { nil: undefined }),
  request: fc.nat(6),
  priority: fc.integer({ min: -2, max: 2 }),
});
const crowd = fc
  .array(traits, { maxLength: 12 })
  .map((all) => all.map((each, index) => candidate(`p${index}`, each)));

test("the order is one: it does not depend on how pods were listed", () => {
  const keyOf = ({ usage, request, pod }: EvictionCandidate) => [
    usage === undefined ? undefined : usage - request,
    pod.spec?.priority,
  ];
  fc.assert(
    fc.property(
      crowd.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      ([all, shuffled]) => {
        assert.deepEqual(
          shuffled.toSorted(compareForEviction).map(keyOf),
          all.toSorted(compareForEviction).map(keyOf),
        );
      },
    ),
  );
});

test("nobody within its request goes before somebody above it, nor the more important of two that are alike", () => {
  fc.assert(
    fc.property(crowd, (all) => {
      const order = all.toSorted(compareForEviction);
      for (const [index, one] of order.entries()) {
        for (const later of order.slice(index + 1)) {
          if (later.usage === undefined) assert.equal(one.usage, undefined);
          if (one.usage === undefined) continue;
          assert.ok(exceedsRequest(one) || !exceedsRequest(later));
          if (exceedsRequest(one) === exceedsRequest(later)) {
            assert.ok((one.pod.spec?.priority ?? 0) <= (later.pod.spec?.priority ?? 0));
          }
        }
      }
    }),
  );
});

test("of equally important pods that use something, best effort goes before who keeps to its request", () => {
  fc.assert(
    fc.property(crowd, (all) => {
      const known = all.filter(({ usage, pod }) => usage && pod.spec?.priority === 0);
      const order = known.sort(compareForEviction);
      const lastBestEffort = order.findLastIndex(({ pod }) => qosClassOf(pod) === "BestEffort");
      const firstWithin = order.findIndex((one) => !exceedsRequest(one));
      assert.ok(firstWithin === -1 || lastBestEffort < firstWithin);
    }),
  );
});
