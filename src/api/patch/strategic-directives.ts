import { badRequest } from "#base";
import { isJsonObject, type Json, type JsonObject, setOwn } from "../json.ts";

export const setElementOrder = "$setElementOrder/";
export const deleteFromPrimitiveList = "$deleteFromPrimitiveList/";

export type Directive = "replace" | "delete" | "merge";

/** Whether a field of a patch is an instruction, not content. */
export function isDirective(field: string): boolean {
  return (
    field === "$patch" ||
    field === "$retainKeys" ||
    field.startsWith(setElementOrder) ||
    field.startsWith(deleteFromPrimitiveList)
  );
}

/** Takes `$patch` out of an object of the patch. */
export function takeDirective(patch: JsonObject): Directive | undefined {
  const directive = elementDirective(patch);
  delete patch.$patch;
  return directive;
}

export function elementDirective(patch: JsonObject): Directive | undefined {
  const directive = patch.$patch;
  if (directive === undefined) return undefined;
  if (directive === "replace" || directive === "delete" || directive === "merge") return directive;
  throw badRequest(
    `error decoding patch: unknown patch type ${JSON.stringify(directive)}: use replace, delete or merge`,
  );
}

/** A value of the patch as content: without directives, without nulls, without elements marked for deletion. */
export function dropDirectives(value: Json): Json {
  if (Array.isArray(value)) {
    return value.filter((element) => !isInstruction(element)).map((element) => dropDirectives(element));
  }
  if (!isJsonObject(value)) return value;
  const content: JsonObject = {};
  for (const field of Object.keys(value)) {
    const child = value[field];
    if (child === undefined || child === null || isDirective(field)) continue;
    setOwn(content, field, dropDirectives(child));
  }
  return content;
}

function isInstruction(element: Json): boolean {
  return isJsonObject(element) && (element.$patch === "delete" || element.$patch === "replace");
}
