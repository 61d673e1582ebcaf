import type { StatusCause } from "#base";
import type { FieldErrors } from "./field-errors.ts";

/**
 * What is wrong with an object that was not wrong with it before. Rules grow stricter, and what was stored under the
 * old ones must stay changeable: its labels, its finalizers, or the very field that is wrong.
 */
export function newComplaints<T>(
  object: T,
  old: T,
  check: (object: T, errors: FieldErrors) => void,
): StatusCause[] {
  const errors: FieldErrors = [];
  check(object, errors);
  if (errors.length === 0) return errors;
  const before: FieldErrors = [];
  check(old, before);
  const known = new Set(before.map(written));
  return errors.filter((each) => !known.has(written(each)));
}

function written({ field, message }: StatusCause): string {
  return `${field}: ${message}`;
}
