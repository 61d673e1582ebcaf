import {
  cloneJson,
  isJsonObject,
  type JsonObject,
  type KubernetesObject,
  type TypeSchema,
  type ViewSubresource,
} from "#api";
import { schemaOf } from "#api/behaviour";
import { ApiError, badRequest, invalid, must } from "#base";
import { type Binding, bindPod } from "../registry/binding.ts";
import { evictPod } from "../registry/eviction.ts";
import type { WriteRequest } from "../registry/machinery.ts";
import { subjectOf } from "../registry/subject.ts";
import { updateObject } from "../registry/update.ts";
import { conform, contentTypeOf, type Expected, fieldValidationOf, parseBody } from "./decode.ts";
import { type DeleteOptions, deletionOf } from "./delete.ts";
import type { DocumentAnswer } from "./exchange.ts";
import type { Parts } from "./parts.ts";
import { patched, readPatch } from "./patch.ts";
import { documentAnswer } from "./present.ts";
import { type ObjectRequest, writeRequestOf } from "./request.ts";
import { storedObject, warned } from "./write.ts";

/** GET of another view of the object: `scale`. */
export function readView(
  parts: Parts,
  request: ObjectRequest,
  view: ViewSubresource<KubernetesObject>,
): DocumentAnswer {
  return documentAnswer(view.read(storedObject(parts, request)), request.form);
}

/** PUT or PATCH of another view of the object. */
export async function writeView(
  parts: Parts,
  request: ObjectRequest,
  view: ViewSubresource<KubernetesObject>,
): Promise<DocumentAnswer> {
  const expected = expectedAs(view);
  const write = writeRequestOf(request);
  const change = await readViewChange(request, expected, write.warnings);
  const { definition } = write.kind;
  const written = await updateObject(parts.machinery, write, {
    next(old) {
      const object = cloneJson(must(old, "only what exists is changed"));
      const document = change(view.read(object));
      const causes = view.validate(document);
      if (causes.length > 0) {
        throw invalid({ ...subjectOf(write.kind, request.route.name), kind: view.kind }, causes);
      }
      view.write(document, object);
      adoptConditions(document, object);
      return object;
    },
    rules: definition,
    recordsFields: false,
  });
  return warned(documentAnswer(view.read(written.object), request.form), write.warnings);
}

/** POST to a subresource that causes something. */
export async function act(parts: Parts, request: ObjectRequest, expected: Expected): Promise<DocumentAnswer> {
  const write = writeRequestOf(request);
  const body = conform(await parseBody(request), expected, fieldValidationOf(request.query), write.warnings);
  checkName(body, request);
  // Upstream's types are no pointers: a review without a spec is one with an empty spec.
  if (isJsonObject(body) && expected.schema.fields.has("spec")) (body as { spec?: object }).spec ??= {};
  const virtual = parts.virtual.find((each) => each.handles(request.attributes));
  if (virtual) {
    const answer = await virtual.create(body, request.attributes, parts.machinery.read);
    return warned(documentAnswer(answer, request.form, 201), write.warnings);
  }
  const action = actions.get(request.route.subresource ?? "");
  if (!action) {
    throw new ApiError("MethodNotAllowed", `${request.attributes.path} is not served by this server`);
  }
  await action(parts, request, body, write);
  const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
  return warned(documentAnswer(status, request.form, 201), write.warnings);
}

/** What is to be read where another kind's document is posted. */
export function expectedAs(as: PostedKind): Expected {
  let known = expectations.get(as);
  if (!known) {
    known = expectationOf(as);
    expectations.set(as, known);
  }
  return known;
}

interface PostedKind {
  readonly apiVersion: string;
  readonly kind: string;
}

/** By the subresource that says so: every binding asks. */
const expectations = new WeakMap<PostedKind, Expected>();

function expectationOf(as: PostedKind): Expected {
  const [group, version] = as.apiVersion.includes("/") ? as.apiVersion.split("/") : ["", as.apiVersion];
  const schema = schemaOf({ group: group ?? "", version: version ?? "", kind: as.kind });
  return {
    apiVersion: as.apiVersion,
    kind: as.kind,
    schema: must(schema, `${as.apiVersion} ${as.kind} has a schema`),
  };
}

type Action = (
  parts: Parts,
  request: ObjectRequest,
  body: KubernetesObject,
  write: WriteRequest,
) => Promise<unknown>;

const actions = new Map<string, Action>([
  ["binding", ({ machinery }, _, body, write) => bindPod(machinery, write, body as Binding)],
  ["eviction", evict],
]);

/** A delete with the options that the body carries, if disruption budgets allow it. */
function evict(parts: Parts, request: ObjectRequest, body: KubernetesObject): Promise<unknown> {
  const { deleteOptions = {} } = body as { deleteOptions?: DeleteOptions };
  const { write, deletion } = deletionOf(request, deleteOptions);
  return evictPod(parts.machinery, write, deletion);
}

/** The next version of the view: the body of a PUT, or what a patch makes of the present one. */
async function readViewChange(
  request: ObjectRequest,
  expected: Expected & { readonly schema: TypeSchema },
  warnings: string[],
): Promise<(view: KubernetesObject) => KubernetesObject> {
  const validation = fieldValidationOf(request.query);
  if (request.attributes.verb === "update") {
    const body = conform(await parseBody(request), expected, validation, warnings);
    checkName(body, request);
    return () => body;
  }
  const change = await readPatch(request, contentTypeOf(request.exchange), expected.schema);
  return (view) => patched(change, cloneJson(view), expected, validation, warnings);
}

/** What the view's metadata demands of the object behind it. */
function adoptConditions(view: KubernetesObject, object: KubernetesObject): void {
  object.metadata ??= {};
  const { resourceVersion, uid } = view.metadata ?? {};
  if (resourceVersion === undefined) delete object.metadata.resourceVersion;
  else object.metadata.resourceVersion = resourceVersion;
  if (uid) object.metadata.uid = uid;
}

function checkName(body: JsonObject | KubernetesObject, { route }: ObjectRequest): void {
  const name = (body as KubernetesObject).metadata?.name;
  if (name && route.name && name !== route.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${route.name})`);
  }
  const namespace = (body as KubernetesObject).metadata?.namespace;
  if (namespace && route.name && route.kind.resource.namespaced && namespace !== route.namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
}
