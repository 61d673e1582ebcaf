import type { KubernetesObject } from "#api";
import { schemaOfType } from "#api/behaviour";
import { ApiError, badRequest, isNotFound } from "#base";
import { deleteCollectionWorkers } from "../limits.ts";
import { type Deleted, type Deletion, deleteObject } from "../registry/delete.ts";
import { listPage } from "../registry/list.ts";
import type { WriteRequest } from "../registry/machinery.ts";
import { selectionOf } from "../registry/selection.ts";
import { includeObjectOf } from "../table/table.ts";
import { conform, parseBody } from "./decode.ts";
import type { DocumentAnswer } from "./exchange.ts";
import type { Parts } from "./parts.ts";
import { documentAnswer, presentList, presentObject } from "./present.ts";
import { dryRunOf, type ObjectRequest, writeRequestOf } from "./request.ts";

/** DELETE of one object. */
export async function deleteOne(parts: Parts, request: ObjectRequest): Promise<DocumentAnswer> {
  const { write, deletion } = await readDeletion(request);
  const { name = "", namespace, kind } = request.route;
  const scope = kind.resource.namespaced ? namespace : undefined;
  const deleted = await deleteObject(parts.machinery, write, name, scope, deletion);
  return presentDeleted(parts, request, deleted);
}

/** DELETE of a collection: each object that the selectors match, as if it were deleted alone. */
export async function deleteCollection(parts: Parts, request: ObjectRequest): Promise<DocumentAnswer> {
  const { write, deletion } = await readDeletion(request);
  const { machinery } = parts;
  const { kind, namespace } = request.route;
  const selection = selectionOf(kind, kind.resource.namespaced ? namespace : undefined, request.query);
  const page = await listPage(machinery, kind, selection, request.query);
  const waiting = page.entries.map((entry) => machinery.objects.facts(kind, entry).metadata);
  const worker = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const one = { ...write, attributes: { ...write.attributes, name: next.name } };
      await deleteObject(machinery, one, next.name, next.namespace, deletion).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: deleteCollectionWorkers }, worker));
  return presentList(machinery, kind, page, request.form, includeObjectOf(request.query));
}

/** The object while it lives on, else a `Status`; some kinds show the object even then, as upstream does. */
function presentDeleted({ machinery }: Parts, request: ObjectRequest, deleted: Deleted): DocumentAnswer {
  const { form } = request;
  const { kind } = request.route;
  if (!deleted.gone || kind.resource.returnsDeleted) {
    const isAsStored = form.as === "object" && form.format === "json";
    const object = { bytes: isAsStored ? deleted.bytes : undefined, parsed: () => deleted.object };
    return presentObject(machinery, kind, object, form, includeObjectOf(request.query));
  }
  const { name, uid } = deleted.object.metadata ?? {};
  const { group, resource } = kind.resource;
  const details = { name, ...(group ? { group } : {}), kind: resource, uid };
  const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
  return documentAnswer(status, form);
}

export interface DeletionRequest {
  readonly write: WriteRequest;
  readonly deletion: Deletion;
}

export interface DeleteOptions extends KubernetesObject {
  gracePeriodSeconds?: number;
  propagationPolicy?: string;
  orphanDependents?: boolean;
  preconditions?: { uid?: string; resourceVersion?: string };
  dryRun?: string[];
}

/** The options of a delete: of its body when it has one, else of the query. */
async function readDeletion(request: ObjectRequest): Promise<DeletionRequest> {
  return deletionOf(request, (await readOptions(request)) ?? queryOptions(request.query));
}

/** What the options of a delete or an eviction ask for. Throws Invalid when they contradict themselves. */
export function deletionOf(request: ObjectRequest, options: DeleteOptions): DeletionRequest {
  const { gracePeriodSeconds, orphanDependents, preconditions } = options;
  const policy = options.propagationPolicy;
  if (policy !== undefined && orphanDependents !== undefined) {
    throw new ApiError("Invalid", "orphanDependents and propagationPolicy cannot be both set");
  }
  if (policy !== undefined && !policies.has(policy)) {
    throw new ApiError(
      "Invalid",
      `DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: ${JSON.stringify(policy)}: supported values: "Background", "Foreground", "Orphan"`,
    );
  }
  const orphan = orphanDependents === undefined ? undefined : orphanDependents ? "Orphan" : "Background";
  const propagationPolicy = policy ?? orphan;
  // Wherever it says that nothing is to happen, nothing happens.
  const dryRun = dryRunOf([...(options.dryRun ?? []), ...request.query.getAll("dryRun")]);
  return {
    write: { ...writeRequestOf(request), dryRun },
    deletion: {
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
      ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
      ...(preconditions === undefined ? {} : { preconditions }),
    },
  };
}

async function readOptions(request: ObjectRequest): Promise<DeleteOptions | undefined> {
  if (!request.exchange.hasBody) return undefined;
  const body = await parseBody(request);
  const value = body.value as KubernetesObject;
  if (typeof value === "object" && value !== null && value.kind && value.kind !== "DeleteOptions") {
    throw badRequest(`the body of a delete must be DeleteOptions, not ${value.kind}`);
  }
  // Clients send it in the version of the kind they delete, of the core group, or of meta.
  if (typeof value === "object" && value !== null) value.apiVersion = "v1";
  const schema = schemaOfType("meta.v1.DeleteOptions");
  return conform(body, { kind: "DeleteOptions", apiVersion: "v1", schema }, "Ignore", []);
}

function queryOptions(query: URLSearchParams): DeleteOptions {
  const grace = query.get("gracePeriodSeconds");
  const policy = query.get("propagationPolicy");
  const orphan = query.get("orphanDependents");
  if (grace !== null && !/^-?\d{1,9}$/.test(grace)) {
    throw badRequest(`gracePeriodSeconds must be a whole number, not ${JSON.stringify(grace)}`);
  }
  return {
    ...(grace === null ? {} : { gracePeriodSeconds: Number(grace) }),
    ...(policy === null ? {} : { propagationPolicy: policy }),
    ...(orphan === null ? {} : { orphanDependents: orphan === "true" }),
  };
}

const policies: ReadonlySet<string> = new Set(["Background", "Foreground", "Orphan"]);
