import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalMicroTime, canonicalTime, microTimeOf, secondsOf, timeOf } from "./time.ts";

test("times are written in UTC, to the second or the microsecond", () => {
  assert.equal(canonicalTime("2026-01-01T00:00:00Z"), "2026-01-01T00:00:00Z");
  assert.equal(canonicalTime("2025-12-31T19:00:00.999-05:00"), "2026-01-01T00:00:00Z");
  assert.equal(canonicalTime("2024-02-29T12:00:00Z"), "2024-02-29T12:00:00Z");
  assert.equal(canonicalMicroTime("2026-01-01T00:00:00.1234567Z"), "2026-01-01T00:00:00.123456Z");
  assert.equal(canonicalMicroTime("2026-01-01T00:00:00Z"), "2026-01-01T00:00:00.000000Z");
});

test("what no calendar or clock has is no time", () => {
  const wrong = [
    "",
    "now",
    "2026-01-01",
    "2026-01-01T00:00:00",
    "2026-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:60:00Z",
    "2026-01-01T00:00:00+24:00",
    "0000-01-01T00:00:00+01:00",
  ];
  for (const text of wrong) {
    assert.equal(canonicalTime(text), undefined, text);
    assert.equal(canonicalMicroTime(text), undefined, text);
  }
});

test("every second of the calendar comes back as it went", () => {
  const seconds = fc.integer({ min: -62_167_219_200, max: 253_402_300_799 });
  fc.assert(
    fc.property(seconds, fc.nat(999_999), (second, micros) => {
      const time = timeOf(second) ?? "";
      assert.equal(canonicalTime(time), time);
      assert.deepEqual(secondsOf(time), { seconds: second, nanos: 0 });
      const micro = microTimeOf(second, micros * 1000) ?? "";
      assert.equal(canonicalMicroTime(micro), micro);
      assert.deepEqual(secondsOf(micro), { seconds: second, nanos: micros * 1000 });
    }),
    { seed: 36 },
  );
});
