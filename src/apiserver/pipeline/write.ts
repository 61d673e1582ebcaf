import { cloneJson, type KubernetesObject } from "#api";
import { notFound } from "#base";
import { createObject } from "../registry/create.ts";
import type { Machinery, WriteRequest, Written } from "../registry/machinery.ts";
import { subjectOf } from "../registry/subject.ts";
import { isConditional, type UpdateRules, updateObject } from "../registry/update.ts";
import { includeObjectOf } from "../table/table.ts";
import { authorizeCreate } from "./authorize.ts";
import { conform, type Expected, fieldValidationOf, parseBody } from "./decode.ts";
import type { DocumentAnswer } from "./exchange.ts";
import type { Parts } from "./parts.ts";
import { presentObject, storedForm } from "./present.ts";
import { type ObjectRequest, writeRequestOf } from "./request.ts";
import { warningHeader } from "./warnings.ts";

/** POST to a collection. */
export async function create(parts: Parts, request: ObjectRequest): Promise<DocumentAnswer> {
  const write = writeRequestOf(request);
  const object = await readObject(request, write.warnings);
  const written = await createObject(parts.machinery, write, object);
  return presentWritten(parts.machinery, request, write, written);
}

/** PUT of an object, or of a subresource that is a part of it. */
export async function update(
  parts: Parts,
  request: ObjectRequest,
  rules: UpdateRules,
): Promise<DocumentAnswer> {
  const write = writeRequestOf(request);
  const body = await readObject(request, write.warnings);
  const written = await updateObject(parts.machinery, write, {
    // Each attempt changes its object in place, so each gets its own; of a stale version there is no second one.
    next: isConditional(body) ? () => body : () => cloneJson(body),
    checkCreate:
      write.kind.definition.createOnUpdate && request.route.subresource === undefined
        ? () => authorizeCreate(parts, request)
        : undefined,
    rules,
    recordsFields: false,
  });
  return presentWritten(parts.machinery, request, write, written);
}

/** The body as an object of the route's kind. */
export async function readObject(request: ObjectRequest, warnings: string[]): Promise<KubernetesObject> {
  const body = await parseBody(request);
  const object = conform(body, expectedOf(request), fieldValidationOf(request.query), warnings);
  if (request.slice.isOver()) await request.slice.pause();
  return object;
}

export function expectedOf({ route: { kind } }: ObjectRequest): Expected {
  return { kind: kind.resource.kind, apiVersion: kind.apiVersion, schema: kind.schema };
}

/** The answer to a write, with what the client is warned about. */
export function presentWritten(
  machinery: Machinery,
  request: ObjectRequest,
  write: WriteRequest,
  { object, entry, created }: Written,
): DocumentAnswer {
  const status = created ? 201 : 200;
  const include = includeObjectOf(request.query);
  const bytes = entry && storedForm(machinery, write.kind, entry, request.form);
  const shown = { bytes, parsed: () => object };
  return warned(presentObject(machinery, write.kind, shown, request.form, include, status), write.warnings);
}

/** Adds what the client is warned about. */
export function warned(answer: DocumentAnswer, warnings: readonly string[]): DocumentAnswer {
  if (warnings.length === 0) return answer;
  answer.headers.warning = warningHeader(warnings);
  return answer;
}

/** The stored object of the route. Throws NotFound. */
export function storedObject({ machinery }: Parts, { route }: ObjectRequest): KubernetesObject {
  const { kind, name = "", namespace } = route;
  const entry = machinery.store.get(kind.key(name, kind.resource.namespaced ? namespace : undefined));
  if (!entry) throw notFound(subjectOf(kind, name));
  return machinery.objects.read(kind, entry);
}
