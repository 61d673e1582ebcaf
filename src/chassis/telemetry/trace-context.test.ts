import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "#base";
import { formatTraceparent, newSpanId, newTraceId, parseTraceparent } from "./trace-context.ts";

test("a context that is written is read as it was", () => {
  fc.assert(
    fc.property(fc.integer(), fc.boolean(), (seed, sampled) => {
      const random = seededRandom(seed);
      const context = { traceId: newTraceId(random), spanId: newSpanId(random), sampled };
      assert.deepEqual(parseTraceparent(formatTraceparent(context)), context);
    }),
  );
});

test("a header that is not well-formed is as none; a later version is read as far as it is known", () => {
  const trace = "0af7651916cd43dd8448eb211c80319c";
  const span = "b7ad6b7169203331";
  const wrong = [
    undefined,
    "",
    `00-${trace}-${span}`,
    `00-${trace.toUpperCase()}-${span}-01`,
    `00-${"0".repeat(32)}-${span}-01`,
    `00-${trace}-${"0".repeat(16)}-01`,
    `00-${trace}-${span}-01-more`,
    `ff-${trace}-${span}-01`,
  ];
  for (const header of wrong) assert.equal(parseTraceparent(header), undefined, `${header}`);
  const expected = { traceId: trace, spanId: span, sampled: true };
  assert.deepEqual(parseTraceparent(`00-${trace}-${span}-03`), expected);
  assert.deepEqual(parseTraceparent(`00-${trace}-${span}-01`, "a=1"), { ...expected, state: "a=1" });
  assert.deepEqual(parseTraceparent(`00-${trace}-${span}-01`, `a=${"1".repeat(511)}`), expected);
  assert.deepEqual(parseTraceparent(`cc-${trace}-${span}-01-more`), expected);
});
