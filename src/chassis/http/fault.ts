import type { ErrorObject } from "ajv/dist/2020.js";
import { nearest } from "#base";
import { limits } from "./limits.ts";

/** What is wrong with a value: where, as a JSON pointer, and a sentence without its subject. */
export interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

export function faultOf(error: ErrorObject): Fault {
  const { pointer, detail } = inWords(error);
  return { pointer: shortened(pointer), detail };
}

function inWords(error: ErrorObject): Fault {
  const { keyword, instancePath: pointer, params, message = "is wrong", parentSchema } = error;
  const below = (field: string) => `${pointer}/${field.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  switch (keyword) {
    case "required":
      return { pointer: below(params.missingProperty), detail: "is required" };
    case "additionalProperties": {
      const unknown = params.additionalProperty as string;
      const known = unknown.length > limits.guessedName ? [] : Object.keys(parentSchema?.properties ?? {});
      const meant = nearest(unknown, known);
      const detail = `is not known here${meant ? `; did you mean ${meant}?` : ""}`;
      return { pointer: below(unknown), detail };
    }
    case "enum":
      return { pointer, detail: `must be one of ${(params.allowedValues as unknown[]).join(", ")}` };
    case "const":
      return { pointer, detail: `must be ${JSON.stringify(params.allowedValue)}` };
    default:
      return { pointer, detail: message };
  }
}

/** Of a name as long as the whole body the beginning will do. */
function shortened(pointer: string): string {
  return pointer.length > limits.pointer ? `${pointer.slice(0, limits.pointer)}…` : pointer;
}
