import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  type Quantity,
  quantityMilliValue,
  quantityValue,
  subtractQuantities,
  tryParseQuantity,
} from "./quantity.ts";

test("quantities are written in their canonical form", () => {
  const cases: [string | number, string][] = [
    ["0", "0"],
    ["1000m", "1"],
    ["0.5", "500m"],
    [".5", "500m"],
    ["1.", "1"],
    ["100m", "100m"],
    ["1024Mi", "1Gi"],
    ["1500Mi", "1500Mi"],
    ["0.5Gi", "512Mi"],
    ["1Ki", "1Ki"],
    ["1000Ki", "1000Ki"],
    ["512", "512"],
    ["1000", "1k"],
    ["1500", "1500"],
    ["1e3", "1e3"],
    ["1E3", "1e3"],
    ["1E", "1E"],
    ["12e6", "12e6"],
    ["-1.5", "-1500m"],
    ["+1", "1"],
    ["0.1n", "1n"],
    [2, "2"],
    [0.1, "100m"],
    ["9223372036854775808", "9223372036854775807"],
  ];
  for (const [text, canonical] of cases) assert.equal(canonicalQuantity(text), canonical, String(text));
});

test("what is no quantity is refused", () => {
  for (const text of ["", "abc", "1 Gi", "1gi", "1.2.3", "--1", "Mi", "1e", "1KiB", ".", "1i"]) {
    assert.equal(tryParseQuantity(text), undefined, text);
    assert.throws(() => parseQuantity(text), { reason: "BadRequest" });
  }
});

test("values are rounded up to whole units or thousandths", () => {
  assert.equal(quantityValue("64Mi"), 67_108_864);
  assert.equal(quantityValue("1m"), 1);
  assert.equal(quantityMilliValue("1.5"), 1500);
  assert.equal(quantityMilliValue("1u"), 1);
  assert.equal(quantityMilliValue("-500m"), -500);
});

test("a number too long to be meant is refused quickly", () => {
  assert.equal(tryParseQuantity("9".repeat(100_000)), undefined);
  assert.equal(formatQuantity(parseQuantity("1e9999")), "9223372036854775807");
});

const quantities: fc.Arbitrary<Quantity> = fc.record({
  nanos: fc.bigInt(-(10n ** 27n), 10n ** 27n),
  format: fc.constantFrom("DecimalSI", "BinarySI", "DecimalExponent"),
});

test("formatting and parsing again gives the same amount, and the same text", () => {
  fc.assert(
    fc.property(quantities, (quantity) => {
      const text = formatQuantity(quantity);
      const again = parseQuantity(text);
      assert.equal(again.nanos, quantity.nanos);
      assert.equal(formatQuantity(again), text);
    }),
  );
});

test("adding what was subtracted gives back the amount, and order agrees with difference", () => {
  fc.assert(
    fc.property(quantities, quantities, (a, b) => {
      assert.equal(addQuantities(subtractQuantities(a, b), b).nanos, a.nanos);
      assert.equal(compareQuantities(a, b) < 0, subtractQuantities(a, b).nanos < 0n);
    }),
  );
});
