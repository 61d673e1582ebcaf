import type { StatusCause } from "#base";

/** What is wrong with an object so far. Validation functions append to it. */
export type FieldErrors = StatusCause[];

export function required(path: string, detail = ""): StatusCause {
  return cause("FieldValueRequired", path, withDetail("Required value", detail));
}

export function invalidValue(path: string, value: unknown, detail: string): StatusCause {
  return cause("FieldValueInvalid", path, withDetail(`Invalid value: ${shown(value)}`, detail));
}

export function notSupported(path: string, value: unknown, supported: readonly string[]): StatusCause {
  const list = supported.map((each) => JSON.stringify(each)).join(", ");
  return cause(
    "FieldValueNotSupported",
    path,
    `Unsupported value: ${shown(value)}: supported values: ${list}`,
  );
}

export function duplicate(path: string, value: unknown): StatusCause {
  return cause("FieldValueDuplicate", path, `Duplicate value: ${shown(value)}`);
}

export function missing(path: string, value: unknown): StatusCause {
  return cause("FieldValueNotFound", path, `Not found: ${shown(value)}`);
}

export function forbiddenField(path: string, detail: string): StatusCause {
  return cause("FieldValueForbidden", path, withDetail("Forbidden", detail));
}

export function tooLong(path: string, maxBytes: number): StatusCause {
  return cause("FieldValueTooLong", path, `Too long: may not be more than ${maxBytes} bytes`);
}

export function tooMany(path: string, actual: number, max: number): StatusCause {
  return cause("FieldValueTooMany", path, `Too many: ${actual}: must have at most ${max} items`);
}

/** Checks a number that may be absent. */
export function checkNonNegative(errors: FieldErrors, path: string, value: number | undefined): void {
  if (value !== undefined && value < 0) {
    errors.push(invalidValue(path, value, "must be greater than or equal to 0"));
  }
}

export function checkPositive(errors: FieldErrors, path: string, value: number | undefined): void {
  if (value !== undefined && value <= 0) {
    errors.push(invalidValue(path, value, "must be greater than 0"));
  }
}

/** Checks a string of a closed set; absent is for others to say. */
export function checkOneOf(
  errors: FieldErrors,
  path: string,
  value: string | undefined,
  supported: readonly string[],
): void {
  if (value !== undefined && !supported.includes(value)) errors.push(notSupported(path, value, supported));
}

/** Checks a required string of a closed set. */
export function checkRequiredOneOf(
  errors: FieldErrors,
  path: string,
  value: string | undefined,
  supported: readonly string[],
): void {
  if (!value) errors.push(required(path));
  else checkOneOf(errors, path, value, supported);
}

export const fieldIsImmutable = "field is immutable";

function cause(reason: string, field: string, message: string): StatusCause {
  return { reason, message, field };
}

function withDetail(message: string, detail: string): string {
  return detail ? `${message}: ${detail}` : message;
}

function shown(value: unknown): string {
  return value === undefined ? "null" : JSON.stringify(value);
}
