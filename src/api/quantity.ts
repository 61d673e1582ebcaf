import { type ApiError, badRequest } from "#base";

/**
 * An amount with a unit: `500m` CPU, `64Mi` memory (Kubernetes' `resource.Quantity`). Exact to one nano; a finer
 * fraction is rounded away from zero, so that asking for something never becomes asking for nothing.
 */
export interface Quantity {
  /** The amount in billionths of the unit. */
  readonly nanos: bigint;
  /** How it was written, and so how it is written again. */
  readonly format: QuantityFormat;
}

export type QuantityFormat = "DecimalSI" | "BinarySI" | "DecimalExponent";

/** Throws BadRequest when `text` is no quantity. JSON may give a number, which is read as it is written. */
export function parseQuantity(text: string | number): Quantity {
  const quantity = tryParseQuantity(text);
  if (quantity === undefined) throw notAQuantity(text);
  return quantity;
}

export function tryParseQuantity(text: string | number): Quantity | undefined {
  const key = String(text);
  return quantities.get(key) ?? kept(quantities, key, parsed(key));
}

function parsed(text: string): Quantity | undefined {
  const match = syntax.exec(text);
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = "", suffix = ""] = match;
  if (whole === "" && fraction === "") return undefined;
  if (fraction.length > maxFractionDigits || whole.length > maxFractionDigits) return undefined;
  const unit = unitOf(suffix);
  if (unit === undefined) return undefined;
  const digits = BigInt(whole + fraction);
  const nanos = scaled(digits * unit.multiplier, unit.exponent - fraction.length + nanoDigits);
  const capped = nanos > maxNanos ? maxNanos : nanos;
  return { nanos: sign === "-" ? -capped : capped, format: unit.format };
}

/** The canonical form: no fraction, the largest suffix that leaves none. `1000m` → `1`, `1024Mi` → `1Gi`, `0.5` → `500m`. */
export function formatQuantity(quantity: Quantity): string {
  const { nanos } = quantity;
  if (nanos === 0n) return "0";
  const isWhole = nanos % one === 0n;
  const isSmall = nanos > -1024n * one && nanos < 1024n * one;
  if (quantity.format === "BinarySI" && isWhole && !isSmall) return formatBinary(nanos / one);
  return formatDecimal(nanos, quantity.format === "DecimalExponent");
}

/** The canonical form of a written quantity, or the text itself when it is none (validation says so later). */
export function canonicalQuantity(text: string | number): string {
  if (typeof text === "string" && isCanonicalAlready(text)) return text;
  const quantity = tryParseQuantity(text);
  return quantity === undefined ? String(text) : formatQuantity(quantity);
}

/** The sum, written as the first is, or as the second when the first is zero. */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos + b.nanos, format: a.nanos === 0n ? b.format : a.format };
}

export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos - b.nanos, format: a.nanos === 0n ? b.format : a.format };
}

/** Negative when `a` is less, positive when it is more, 0 when both are the same amount. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
}

/** Rounded up to a multiple of a thousandth: the precision that resource amounts are stored with. */
export function roundUpToMilli(quantity: Quantity): Quantity {
  const rest = quantity.nanos % nanosPerMilli;
  if (rest === 0n) return quantity;
  const down = quantity.nanos - rest;
  return { nanos: quantity.nanos > 0n ? down + nanosPerMilli : down, format: quantity.format };
}

/** Whole units, rounded up: bytes of `64Mi`, pods of `110`. Exact below 2^53. Throws BadRequest for no quantity. */
export function quantityValue(text: string | number): number {
  return remembered(wholeValues, text, (nanos) => ceilDivide(nanos, one));
}

/** Thousandths, rounded up: `500m` → 500, `2` → 2000. Exact below 2^53. */
export function quantityMilliValue(text: string | number): number {
  return remembered(milliValues, text, (nanos) => ceilDivide(nanos, nanosPerMilli));
}

export function quantityFromValue(value: number, format: QuantityFormat = "DecimalSI"): Quantity {
  return { nanos: BigInt(value) * one, format };
}

export function quantityFromMilliValue(milli: number, format: QuantityFormat = "DecimalSI"): Quantity {
  return { nanos: BigInt(milli) * nanosPerMilli, format };
}

const syntax = /^([+-]?)(\d*)(?:\.(\d*))?([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d{1,4})?$/;
const nanoDigits = 9;
const one = 10n ** 9n;
const nanosPerMilli = 10n ** 6n;
/** Kubernetes stores amounts as 64-bit integers and caps what is larger. */
const maxNanos = (2n ** 63n - 1n) * one;
/** Far beyond what any amount needs; keeps a hostile number from costing time. */
const maxFractionDigits = 100;

const decimalExponents: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  "": 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const decimalSuffixes = new Map(
  Object.entries(decimalExponents).map(([suffix, exponent]) => [exponent, suffix]),
);
const binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

interface Unit {
  readonly multiplier: bigint;
  /** Power of ten. */
  readonly exponent: number;
  readonly format: QuantityFormat;
}

function unitOf(suffix: string): Unit | undefined {
  const exponent = decimalExponents[suffix];
  if (exponent !== undefined) return { multiplier: 1n, exponent, format: "DecimalSI" };
  if (suffix.endsWith("i")) {
    return { multiplier: 1024n ** BigInt(binarySuffixes.indexOf(suffix)), exponent: 0, format: "BinarySI" };
  }
  return { multiplier: 1n, exponent: Number(suffix.slice(1)), format: "DecimalExponent" };
}

/** `digits` × 10^`exponent`, rounded up. */
function scaled(digits: bigint, exponent: number): bigint {
  if (exponent >= 0) return digits === 0n ? 0n : digits * 10n ** BigInt(Math.min(exponent, 1000));
  const divisor = 10n ** BigInt(Math.min(-exponent, 1000));
  return (digits + divisor - 1n) / divisor;
}

function formatBinary(units: bigint): string {
  let amount = units;
  let power = 0;
  while (power < binarySuffixes.length - 1 && amount % 1024n === 0n) {
    amount /= 1024n;
    power++;
  }
  return `${amount}${binarySuffixes[power]}`;
}

function formatDecimal(nanos: bigint, asExponent: boolean): string {
  let amount = nanos;
  let exponent = -nanoDigits;
  while (amount % 1000n === 0n && exponent < 18) {
    amount /= 1000n;
    exponent += 3;
  }
  if (!asExponent) return `${amount}${decimalSuffixes.get(exponent)}`;
  return exponent === 0 ? `${amount}` : `${amount}e${exponent}`;
}

function ceilDivide(amount: bigint, by: bigint): number {
  const down = amount / by;
  return Number(amount % by > 0n ? down + 1n : down);
}

/** Short forms that are canonical as they stand and by far the most frequent: `100m`, `64Mi`, `2`. */
function isCanonicalAlready(text: string): boolean {
  return /^[1-9]\d{0,2}(m|[KMGT]i)?$/.test(text) && !text.endsWith("000m");
}

/** A cluster uses the same few amounts again and again: parsing them once makes checks and sums of resources cheap. */
const quantities = new Map<string, Quantity>();
const wholeValues = new Map<string, number>();
const milliValues = new Map<string, number>();
const maxRemembered = 10_000;
/** Longer ones are hardly amounts that come again. */
const maxRememberedLength = 32;

function remembered(
  memory: Map<string, number>,
  text: string | number,
  of: (nanos: bigint) => number,
): number {
  const key = String(text);
  return memory.get(key) ?? kept(memory, key, of(parseQuantity(text).nanos));
}

function kept<T>(memory: Map<string, NonNullable<T>>, key: string, value: T): T {
  if (value == null || key.length > maxRememberedLength) return value;
  if (memory.size >= maxRemembered) memory.clear();
  memory.set(key, value);
  return value;
}

function notAQuantity(text: string | number): ApiError {
  return badRequest(
    `"${text}" is not a quantity: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$', such as 500m, 1.5 or 64Mi`,
  );
}
