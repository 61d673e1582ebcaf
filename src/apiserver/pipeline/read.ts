import { badRequest, notFound } from "#base";
import { watchTimeoutMs } from "../limits.ts";
import { listPage } from "../registry/list.ts";
import { parseRevision, waitForRevision } from "../registry/revision.ts";
import { type Selection, selectionOf } from "../registry/selection.ts";
import { subjectOf } from "../registry/subject.ts";
import { includeObjectOf } from "../table/table.ts";
import { WatchSession } from "../watch/session.ts";
import type { Answer, DocumentAnswer } from "./exchange.ts";
import type { Parts } from "./parts.ts";
import { eventForm, presentList, presentObject, storedForm } from "./present.ts";
import type { ObjectRequest } from "./request.ts";
import { flag } from "./target.ts";

/** GET of one object. `resourceVersion` is a lower bound, as everywhere. */
export async function getObject(parts: Parts, request: ObjectRequest): Promise<DocumentAnswer> {
  const { machinery } = parts;
  const { store, objects } = machinery;
  const { form } = request;
  const { kind, name = "", namespace } = request.route;
  const version = request.query.get("resourceVersion");
  if (version) await waitForRevision(store, parseRevision(version), machinery.clock);
  else await store.readBarrier();
  const entry = store.get(kind.key(name, kind.resource.namespaced ? namespace : undefined));
  if (!entry) throw notFound(subjectOf(kind, name));
  const bytes = storedForm(machinery, kind, entry, form);
  const object = { bytes, parsed: () => objects.peek(kind, entry) };
  return presentObject(machinery, kind, object, form, includeObjectOf(request.query));
}

export async function listObjects(parts: Parts, request: ObjectRequest): Promise<DocumentAnswer> {
  const { machinery } = parts;
  const { kind } = request.route;
  const { query } = request;
  const selection = scopeOf(request);
  const page = await listPage(machinery, kind, selection, query);
  return presentList(machinery, kind, page, request.form, includeObjectOf(query));
}

/** A watch of a collection, or of one object by its path. */
export async function watchObjects(parts: Parts, request: ObjectRequest): Promise<Answer> {
  const { machinery, watches, bookmarks } = parts;
  const { store, objects, clock } = machinery;
  const { kind } = request.route;
  const { query } = request;
  const selection = scopeOf(request);
  const start = await watchStart(parts, request, selection);
  const plan = {
    kind,
    selection,
    ...start,
    bookmarks: flag(query, "allowWatchBookmarks"),
    timeoutMs: timeoutOf(query, machinery.random.float()),
    ...eventForm(machinery, parts.events, kind, request.form, includeObjectOf(query)),
  };
  return {
    type: "stream",
    status: 200,
    headers: { "content-type": request.form.as === "object" ? "application/json" : streamType(request) },
    start(sink) {
      const onEnd = () => watches.delete(session);
      const session = new WatchSession(
        { store, objects, clock, bookmarks, logger: parts.logger, onEnd },
        plan,
        sink,
      );
      watches.add(session);
      session.start();
    },
  };
}

/** Where a watch begins: from a revision, or with what exists now. */
async function watchStart(
  { machinery }: Parts,
  { query, route }: ObjectRequest,
  selection: Selection,
): Promise<Pick<import("../watch/session.ts").WatchPlan, "initial" | "after" | "endOfInitial">> {
  const { store, clock } = machinery;
  const version = query.get("resourceVersion") ?? "";
  const revision = version === "" ? 0 : parseRevision(version);
  const sendInitial = initialEventsWanted(query);
  const snapshotWanted = sendInitial ?? revision === 0;
  if (revision > 0) await waitForRevision(store, revision, clock);
  if (!snapshotWanted) {
    return { initial: [], after: revision === 0 ? store.revision : revision, endOfInitial: false };
  }
  const page = await listPage(machinery, route.kind, selection, new URLSearchParams());
  return { initial: page.entries, after: page.revision, endOfInitial: sendInitial === true };
}

function initialEventsWanted(query: URLSearchParams): boolean | undefined {
  const match = query.get("resourceVersionMatch");
  if (!query.has("sendInitialEvents")) {
    if (match)
      throw badRequest("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
    return undefined;
  }
  if (match !== "NotOlderThan") {
    throw badRequest('sendInitialEvents requires setting resourceVersionMatch to "NotOlderThan"');
  }
  return flag(query, "sendInitialEvents");
}

/** The selection of the query; a name in the path selects that object. */
function scopeOf({ route, query }: ObjectRequest): Selection {
  const { kind, name } = route;
  const namespace = kind.resource.namespaced ? route.namespace : undefined;
  const selection = selectionOf(kind, namespace, query);
  if (name === undefined) return selection;
  const { matches } = selection;
  return {
    ...selection,
    name,
    matches: (facts) => facts.metadata.name === name && (!matches || matches(facts)),
  };
}

function timeoutOf(query: URLSearchParams, spread: number): number {
  const text = query.get("timeoutSeconds") ?? "";
  if (text === "" || text === "0") return watchTimeoutMs * (1 + spread);
  if (!/^\d{1,9}$/.test(text))
    throw badRequest(`timeoutSeconds must be a whole number, not ${JSON.stringify(text)}`);
  return Number(text) * 1000;
}

function streamType({ form }: ObjectRequest): string {
  const as = form.as === "table" ? "Table" : "PartialObjectMetadata";
  return `application/json;as=${as};v=v1;g=meta.k8s.io`;
}
