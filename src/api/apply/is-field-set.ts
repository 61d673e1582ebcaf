import { isJsonObject } from "../json.ts";
import type { FieldSet } from "./field-set.ts";

/** Whether what a client sends as a set of fields is one: all that is done with sets relies on it. */
export function isFieldSet(value: unknown): value is FieldSet {
  if (!isJsonObject(value)) return false;
  for (const element in value) if (!isElement(element) || !isFieldSet(value[element])) return false;
  return true;
}

function isElement(element: string): boolean {
  if (element === ".") return true;
  const content = element.slice(2);
  switch (element.slice(0, 2)) {
    case "f:":
      return true;
    case "i:":
      return /^\d+$/.test(content);
    case "v:":
      return jsonIn(content) !== undefined;
    case "k:":
      return isJsonObject(jsonIn(content));
    default:
      return false;
  }
}

/** Undefined for what is no JSON. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
