import { type ApiError, badRequest } from "#base";
import type { KubernetesObject, Resource } from "../resource.ts";

export interface FieldRequirement {
  readonly field: string;
  readonly operator: "=" | "!=";
  readonly value: string;
}

/** A field selector as written; which fields there are depends on the kind. */
export interface FieldSelector {
  readonly requirements: readonly FieldRequirement[];
}

/** How a kind answers field selectors: part of its definition. */
export interface SelectableKind<T extends KubernetesObject> {
  readonly resource: Pick<Resource<T>, "resource" | "group">;
  readonly selectableFields: Readonly<Record<string, (object: T) => string>>;
}

/** Reads `status.phase=Running,spec.nodeName!=n1`. `\,`, `\=` and `\\` stand for themselves. Throws BadRequest. */
export function parseFieldSelector(text: string): FieldSelector {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text)) {
    if (term.trim() === "") continue;
    const match = /^\s*([^=!\s]+)\s*(==|!=|=)\s*((?:\\.|[^\\=])*)$/.exec(term);
    if (match === null) {
      throw badRequest(
        `invalid selector: '${text}'; can't understand '${term}': write FIELD=VALUE or FIELD!=VALUE`,
      );
    }
    const [, field = "", operator, value = ""] = match;
    requirements.push({
      field,
      operator: operator === "!=" ? "!=" : "=",
      value: unescaped(value.trim(), text),
    });
  }
  return { requirements };
}

/** Makes a test of one kind's objects. Throws BadRequest for a field that the kind does not offer. */
export function compileFieldSelector<T extends KubernetesObject>(
  selector: FieldSelector,
  kind: SelectableKind<T>,
): (object: T) => boolean {
  const tests = selector.requirements.map(({ field, operator, value }) => {
    const read = readerOf(kind, field);
    return operator === "=" ? (object: T) => read(object) === value : (object: T) => read(object) !== value;
  });
  return (object) => tests.every((test) => test(object));
}

/** The value a field must have to match, if the selector names one: what an index can be asked for. */
export function exactFieldValue(selector: FieldSelector, field: string): string | undefined {
  return selector.requirements.find((each) => each.field === field && each.operator === "=")?.value;
}

function readerOf<T extends KubernetesObject>(kind: SelectableKind<T>, field: string): (object: T) => string {
  if (field === "metadata.name") return (object) => object.metadata?.name ?? "";
  if (field === "metadata.namespace") return (object) => object.metadata?.namespace ?? "";
  const read = Object.hasOwn(kind.selectableFields, field) ? kind.selectableFields[field] : undefined;
  if (read === undefined) throw unsupported(kind, field);
  return read;
}

function unsupported(kind: SelectableKind<never>, field: string): ApiError {
  const known = ["metadata.name", "metadata.namespace", ...Object.keys(kind.selectableFields)];
  return badRequest(
    `field label not supported: ${field}: ${kind.resource.resource} can be selected by ${known.join(", ")}`,
  );
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === "\\") index++;
    else if (text[index] === ",") {
      terms.push(text.slice(start, index));
      start = index + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function unescaped(value: string, text: string): string {
  return value.replace(/\\(.?)/g, (_, escaped: string) => {
    if (escaped === "\\" || escaped === "," || escaped === "=") return escaped;
    throw badRequest(`invalid field selector: invalid escape sequence: \\${escaped} in '${text}'`);
  });
}
