import { type FieldErrors, invalidValue } from "./field-errors.ts";

/** Checks a count that may be written as a share: `3`, `"25%"`. */
export function validateIntOrPercent(
  value: string | number | undefined,
  path: string,
  errors: FieldErrors,
): void {
  if (value === undefined) return;
  if (typeof value === "number") {
    if (value < 0) errors.push(invalidValue(path, value, "must be greater than or equal to 0"));
  } else if (!/^\d+%$/.test(value)) {
    errors.push(
      invalidValue(
        path,
        value,
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%', or '93%', regex used for validation is '[0-9]+%')",
      ),
    );
  }
}

/** The same, of something that there can be no more than all of. */
export function validateShare(value: string | number | undefined, path: string, errors: FieldErrors): void {
  validateIntOrPercent(value, path, errors);
  if (typeof value === "string" && Number.parseInt(value, 10) > 100) {
    errors.push(invalidValue(path, value, "must not be greater than 100%"));
  }
}

/** Whether it comes to nothing whatever it is a share of. */
export function isZero(value: string | number | undefined): boolean {
  return value === 0 || value === "0%" || (typeof value === "string" && /^0+%$/.test(value));
}
