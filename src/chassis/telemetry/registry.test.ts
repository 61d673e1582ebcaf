import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { limits } from "./limits.ts";
import { renderPrometheus } from "./prometheus.ts";
import { Registry } from "./registry.ts";

test("metrics are written as Prometheus reads them, with labels escaped and buckets adding up", () => {
  const registry = new Registry();
  registry.counter("orders_total", "Orders.\nAll of them.").add(2, { kind: 'a"b\\c\nd' });
  registry.gauge("depth", "Depth.").set(-1.5);
  const waits = registry.histogram("wait_seconds", "Waits.", [0.1, 1]);
  for (const seconds of [0.05, 0.1, 0.5, 3]) waits.observe(seconds, { queue: "x" });
  assert.equal(
    renderPrometheus(registry.collect()),
    [
      "# HELP orders_total Orders.\\nAll of them.",
      "# TYPE orders_total counter",
      'orders_total{kind="a\\"b\\\\c\\nd"} 2',
      "# HELP depth Depth.",
      "# TYPE depth gauge",
      "depth -1.5",
      "# HELP wait_seconds Waits.",
      "# TYPE wait_seconds histogram",
      'wait_seconds_bucket{queue="x",le="0.1"} 2',
      'wait_seconds_bucket{queue="x",le="1"} 3',
      'wait_seconds_bucket{queue="x",le="+Inf"} 4',
      'wait_seconds_sum{queue="x"} 3.65',
      'wait_seconds_count{queue="x"} 4',
      "",
    ].join("\n"),
  );
});

test("whatever is observed is in the first bucket whose bound it does not exceed, and in no other", () => {
  const bounds = [0, 1, 10];
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, min: -5, max: 20 })), (values) => {
      const registry = new Registry();
      const histogram = registry.histogram("x", "", bounds);
      for (const value of values) histogram.observe(value);
      const family = registry.collect()[0];
      assert.ok(family?.type === "histogram");
      const counts = family.series[0]?.counts ?? [0, 0, 0, 0];
      const expected = [...bounds, Number.POSITIVE_INFINITY].map(
        (bound, at) =>
          values.filter((value) => value <= bound && (at === 0 || value > (bounds[at - 1] as number))).length,
      );
      assert.deepEqual(counts, expected);
    }),
  );
});

test("the same labels in another order are the same series, and a name asked for twice is one metric", () => {
  const registry = new Registry();
  registry.counter("x", "").add(1, { a: "1", b: "2" });
  registry.counter("x", "").add(1, { b: "2", a: "1" });
  assert.deepEqual(registry.collect()[0]?.series, [{ labels: { a: "1", b: "2" }, value: 2 }]);
  assert.throws(() => registry.counter("x", "").add(-1), /only grows/);
  assert.throws(() => registry.gauge("a b", ""), /no name for a metric/);
  for (const label of ["http.route", "1st", "le"])
    assert.throws(() => registry.counter("x", "").add(1, { [label]: "" }), /no name for a label/);
});

test("labels that never repeat do not fill the memory: what is beyond the limit is counted in one series", () => {
  const registry = new Registry();
  const counter = registry.counter("x", "");
  for (let id = 0; id < limits.seriesPerMetric + 5; id += 1) counter.add(1, { id: String(id) });
  const series = registry.collect()[0]?.series as { labels: object; value: number }[];
  assert.equal(series.length, limits.seriesPerMetric + 1);
  assert.deepEqual(series.at(-1), { labels: { otel_metric_overflow: "true" }, value: 5 });
});
