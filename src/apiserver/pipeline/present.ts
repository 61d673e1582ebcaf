import { createRequire } from "node:module";
import type { KubernetesObject, ListMeta } from "#api";
import { type Clock, must } from "#base";
import type { Entry, Revision } from "#store";
import { listSliceBytes } from "../limits.ts";
import type { ServedKind } from "../registry/catalogue.ts";
import type { Page } from "../registry/list.ts";
import type { Machinery } from "../registry/machinery.ts";
import { Slice } from "../registry/slice.ts";
import { type IncludeObject, metadataOnly, rowOf, tableOf } from "../table/table.ts";
import { type EventEncoder, frame, type SeenChange } from "../watch/events.ts";
import { bytesAnswer, jsonAnswer } from "./answers.ts";
import type { DocumentAnswer, Pieces } from "./exchange.ts";
import type { Representation } from "./negotiate.ts";

/** What is stored, as JSON of the form that was asked for, where that exists already or can be cut out of what does. */
export function storedForm(
  { objects }: Machinery,
  kind: ServedKind,
  entry: Entry,
  { as, format, omitsManagedFields = false }: Representation,
): Uint8Array | undefined {
  if (format !== "json" || as === "table") return undefined;
  if (as === "metadata")
    return objects.metadataBytes(kind, entry, omitsManagedFields ? "without fields" : "all");
  return omitsManagedFields ? objects.leanBytes(kind, entry) : objects.bytes(kind, entry);
}

/** One object, in the form that was asked for. `bytes` is that already: see `storedForm`. */
export function presentObject(
  { clock }: Machinery,
  kind: ServedKind,
  object: { readonly bytes: Uint8Array | undefined; parsed(): KubernetesObject },
  form: Representation,
  include: IncludeObject,
  status = 200,
): DocumentAnswer {
  if (object.bytes) return bytesAnswer(object.bytes, status);
  return documentAnswer(shaped(kind, object.parsed(), form, include, clock), form, status);
}

/** A document that is no stored object: a scale, a review, a status. */
export function documentAnswer(document: object, form: Representation, status = 200): DocumentAnswer {
  if (form.format === "json") return jsonAnswer(document, status);
  const answer = bytesAnswer(Buffer.from(yamlOf(document)), status);
  answer.headers["content-type"] = "application/yaml";
  return answer;
}

/** Hardly anybody asks for YAML, so its library is loaded when somebody does. */
function yamlOf(document: object): string {
  const { stringify } = createRequire(import.meta.url)("yaml") as typeof import("yaml");
  return stringify(document);
}

/** A page of a list. As plain JSON the stored bytes are strung together and nothing is parsed. */
export async function presentList(
  machinery: Machinery,
  kind: ServedKind,
  page: Page,
  form: Representation,
  include: IncludeObject,
): Promise<DocumentAnswer> {
  const { objects, clock } = machinery;
  const metadata = listMetadata(page);
  if (form.as === "object" && form.format === "json") {
    return bytesAnswer(
      plainList(kind, page.entries, metadata, (entry) =>
        form.omitsManagedFields ? objects.leanPieces(kind, entry) : [objects.bytes(kind, entry)],
      ),
    );
  }
  const slice = new Slice(clock);
  const nowMs = clock.now();
  const items: object[] = [];
  for (const entry of page.entries) {
    if (slice.isOver()) await slice.pause();
    const object = objects.peek(kind, entry);
    if (form.as === "table") items.push(rowOf(kind, object, include, nowMs));
    else items.push(form.as === "metadata" ? metadataOnly(object) : object);
  }
  if (form.as === "table") return documentAnswer(tableOf(kind, items, metadata), form);
  const partial = form.as === "metadata";
  const head = {
    kind: partial ? "PartialObjectMetadataList" : `${kind.resource.kind}List`,
    apiVersion: partial ? "meta.k8s.io/v1" : kind.apiVersion,
    metadata,
  };
  if (form.format === "yaml") return yamlList(head, items, slice);
  return documentAnswer({ ...head, items }, form);
}

/** Written item by item, because YAML takes long and others wait. */
async function yamlList(head: object, items: readonly object[], slice: Slice): Promise<DocumentAnswer> {
  if (items.length === 0) return documentAnswer({ ...head, items }, { as: "object", format: "yaml" });
  const pieces = [Buffer.from(`${yamlOf(head)}items:\n`)];
  let length = must(pieces[0], "the head comes first").length;
  for (const item of items) {
    if (slice.isOver()) await slice.pause();
    const piece = Buffer.from(yamlOf([item]));
    pieces.push(piece);
    length += piece.length;
  }
  const answer = bytesAnswer({ length, pieces });
  answer.headers["content-type"] = "application/yaml";
  return answer;
}

/** How the events of one watch are written. */
export interface EventForm {
  encode(change: SeenChange, revision: Revision): Uint8Array;
  bookmark(revision: Revision, endOfInitial: boolean): Uint8Array;
}

/** Events in the form that was asked for; plain JSON ones are shared with all other watchers. */
export function eventForm(
  { clock }: Machinery,
  events: EventEncoder,
  kind: ServedKind,
  form: Representation,
  include: IncludeObject,
): EventForm {
  const bookmark = (revision: Revision, endOfInitial: boolean) =>
    frame("BOOKMARK", Buffer.from(JSON.stringify(bookmarkObject(kind, revision, endOfInitial, form))));
  if (form.as !== "table") {
    const extent = extents[form.as][form.omitsManagedFields ? "lean" : "whole"];
    return { encode: (change, revision) => events.encode(kind, change, revision, extent), bookmark };
  }
  let columns = true;
  return {
    encode(change, revision) {
      const object = events.parsed(kind, change, revision);
      const row = rowOf(kind, object, include, clock.now());
      const table = tableOf(kind, [row], versionOf(object), { columns });
      columns = false;
      return frame(change.type, Buffer.from(JSON.stringify(table)));
    },
    bookmark,
  };
}

const extents = {
  object: { whole: "whole", lean: "lean" },
  metadata: { whole: "metadata", lean: "lean metadata" },
} as const;

function shaped(
  kind: ServedKind,
  object: KubernetesObject,
  form: Representation,
  include: IncludeObject,
  clock: Clock,
): object {
  if (form.as === "metadata") return metadataOnly(object);
  if (form.as === "object") return object;
  return tableOf(kind, [rowOf(kind, object, include, clock.now())], versionOf(object));
}

function versionOf(object: KubernetesObject): ListMeta {
  return { resourceVersion: object.metadata?.resourceVersion ?? "" };
}

function listMetadata({ revision, continueToken, remaining }: Page): ListMeta {
  return {
    resourceVersion: String(revision),
    ...(continueToken === undefined ? {} : { continue: continueToken }),
    ...(remaining === undefined ? {} : { remainingItemCount: remaining }),
  };
}

function bookmarkObject(
  kind: ServedKind,
  revision: Revision,
  endOfInitial: boolean,
  form: Representation,
): object {
  const partial = form.as === "metadata";
  const metadata = {
    resourceVersion: String(revision),
    creationTimestamp: null,
    ...(endOfInitial ? { annotations: { "k8s.io/initial-events-end": "true" } } : {}),
  };
  if (form.as === "table") {
    const object = { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata };
    return tableOf(kind, [{ cells: kind.definition.columns.columns.map(() => ""), object }], metadata, {
      columns: false,
    });
  }
  return {
    kind: partial ? "PartialObjectMetadata" : kind.resource.kind,
    apiVersion: partial ? "meta.k8s.io/v1" : kind.apiVersion,
    metadata,
  };
}

/** `{"kind":…,"items":[…]}` around the stored bytes. */
function plainList(
  kind: ServedKind,
  entries: readonly Entry[],
  metadata: ListMeta,
  piecesOf: (entry: Entry) => readonly Uint8Array[],
): Uint8Array | Pieces {
  const head = Buffer.from(
    `{"kind":"${kind.resource.kind}List","apiVersion":"${kind.apiVersion}","metadata":${JSON.stringify(metadata)},"items":[`,
  );
  const pieces: Uint8Array[] = [head];
  let length = head.length + tail.length;
  for (const entry of entries) {
    if (pieces.length > 1) pieces.push(comma);
    for (const piece of piecesOf(entry)) {
      pieces.push(piece);
      length += piece.length;
    }
  }
  pieces.push(tail);
  length += Math.max(0, entries.length - 1);
  return length <= listSliceBytes ? Buffer.concat(pieces, length) : { length, pieces };
}

const comma = Buffer.from(",");
const tail = Buffer.from("]}");
