import type { StatusCause } from "#base";
import { type Json, jsonEqual } from "../json.ts";
import type { FieldErrors } from "./field-errors.ts";

/**
 * What is wrong with an object that was not wrong with it before. Rules grow stricter, and what was stored under the
 * old ones must stay changeable: its labels, its finalizers, or the very field that is wrong. Of a template that changes all is told: pods
 * would be made from it, and they are new.
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
  const isAnew = (field: string) =>
    templates.some((path) => isBelow(field, path) && !jsonEqual(at(object, path), at(old, path)));
  return errors.filter((each) => !known.has(written(each)) || isAnew(each.field ?? ""));
}

/** Where kinds say what the objects are like that they make. */
const templates = ["spec.template", "spec.jobTemplate"];

function isBelow(field: string, path: string): boolean {
  return field.startsWith(`${path}.`);
}

function at(object: unknown, path: string): Json {
  return path
    .split(".")
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], object) as Json;
}

function written({ field, message }: StatusCause): string {
  return `${field}: ${message}`;
}
