import assert from "node:assert/strict";
import { test } from "node:test";
import { lasting, percent, timeAt } from "./format.ts";
import { percentiles } from "./percentiles.ts";
import { spansOf } from "./spans.ts";

const minutes = Array.from({ length: 100 }, (_, index) => ({
  atSeconds: index * 60,
  value: index < 3 ? 0.5 : 1,
}));

test("the 99th percentile is what 99 % of the minutes are at least as good as", () => {
  const { p50, p95, p99, worst, worstAtSeconds } = percentiles(0.98, minutes, "more");
  assert.deepEqual(
    { p50, p95, p99, worst, worstAtSeconds },
    { p50: 1, p95: 1, p99: 0.5, worst: 0.5, worstAtSeconds: 0 },
  );
});

test("where less is better it is what they do not exceed", () => {
  const used = minutes.map(({ atSeconds }, index) => ({ atSeconds, value: (index + 1) / 100 }));
  const { p50, p99, worst, worstAtSeconds } = percentiles(null, used, "less");
  assert.deepEqual(
    { p50, p99, worst, worstAtSeconds },
    { p50: 0.5, p99: 0.99, worst: 1, worstAtSeconds: 99 * 60 },
  );
});

test("of nothing there are no percentiles", () => {
  assert.equal(percentiles(null, [], "more").p99, null);
});

test("what was missed by a little is not called 100 %", () => {
  assert.deepEqual([1, 0.999999, 0.9993, 0.5, 0, null].map(percent), [
    "100%",
    "99.99%",
    "99.93%",
    "50%",
    "0%",
    "–",
  ]);
});

test("times are those of the scenario's world, with their day when there are several", () => {
  assert.equal(timeAt("2026-01-05T09:00:00.000Z", 3_661, 7_200), "10:01:01");
  assert.equal(timeAt("2026-01-05T22:00:00.000Z", 4 * 3_600, 86_400), "day 2 02:00");
  assert.deepEqual([45, 720, 12_000].map(lasting), ["45 s", "12 min", "3 h 20 min"]);
});

test("a scenario of any length has a number of spans that can be drawn", () => {
  assert.deepEqual(spansOf(90_000), { seconds: 60, count: 2 });
  assert.deepEqual(spansOf(31 * 86_400_000), { seconds: 124 * 60, count: 360 });
});
