import { badRequest, isExpired } from "#base";
import type { Entry, Revision, Snapshot, Store } from "#store";
import { maxPageSize } from "../limits.ts";
import type { ServedKind } from "./catalogue.ts";
import { type Continuation, ContinueExpired, readContinue, writeContinue } from "./continue-token.ts";
import type { Machinery } from "./machinery.ts";
import type { Facts } from "./objects.ts";
import { parseRevision, waitForRevision } from "./revision.ts";
import type { Selection } from "./selection.ts";
import { Slice } from "./slice.ts";

/** One page of a list. */
export interface Page {
  readonly revision: Revision;
  readonly entries: readonly Entry[];
  /** Present when there is more. */
  readonly continueToken: string | undefined;
  /** How many are left after this page, when that is known without looking at each. */
  readonly remaining: number | undefined;
}

/** Lists by the rules of the API: resource version, match, limit and continue from the query. */
export async function listPage(
  machinery: Machinery,
  kind: ServedKind,
  selection: Selection,
  query: URLSearchParams,
): Promise<Page> {
  const limit = limitOf(query);
  const { snapshot, after } = await startOf(machinery, kind, selection, query, limit);
  return scan(machinery, kind, selection, snapshot, after, limit);
}

interface Start {
  readonly snapshot: Snapshot;
  readonly after: string | undefined;
}

async function startOf(
  { store, clock }: Machinery,
  kind: ServedKind,
  selection: Selection,
  query: URLSearchParams,
  limit: number | undefined,
): Promise<Start> {
  const token = query.get("continue");
  const version = query.get("resourceVersion") ?? "";
  const match = query.get("resourceVersionMatch") ?? "";
  checkMatch(match, version, token);
  if (token) return continued(store, kind, selection, readContinue(token));
  if (version === "") {
    await store.readBarrier();
    return { snapshot: store.snapshot(), after: undefined };
  }
  const revision = parseRevision(version);
  if (revision === 0) return { snapshot: store.snapshot(), after: undefined };
  await waitForRevision(store, revision, clock);
  const exact = match === "Exact" || (match === "" && limit !== undefined);
  return { snapshot: exact ? store.snapshot(revision) : store.snapshot(), after: undefined };
}

function continued(
  store: Store,
  kind: ServedKind,
  selection: Selection,
  { revision, after }: Continuation,
): Start {
  const key = kind.scope(selection.namespace) + after;
  try {
    return { snapshot: store.snapshot(revision), after: key };
  } catch (error) {
    if (!isExpired(error)) throw error;
    throw new ContinueExpired(
      "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
      writeContinue({ revision: store.revision, after }),
    );
  }
}

/**
 * Reads entries until the page is full. With a selector every entry of the scope is looked at, in slices, so that
 * a large scope does not hold up other requests.
 */
async function scan(
  machinery: Machinery,
  kind: ServedKind,
  selection: Selection,
  snapshot: Snapshot,
  after: string | undefined,
  limit: number | undefined,
): Promise<Page> {
  const scope = kind.scope(selection.namespace);
  const size = limit ?? Number.POSITIVE_INFINITY;
  const { matches } = selection;
  if (!matches) {
    const entries = snapshot.scan(scope, options(after, limit));
    const last = entries.length >= size ? entries.at(-1)?.key : undefined;
    const remaining = last ? snapshot.count(scope, { after: last }) : 0;
    return page(snapshot, entries, remaining > 0 ? last : undefined, scope, remaining);
  }
  const candidates = selection.name
    ? named(kind, selection, snapshot, selection.name)
    : snapshot.scan(scope, options(after, undefined));
  const { entries, more } = await filter(machinery, kind, candidates, matches, size);
  return page(snapshot, entries, more ? entries.at(-1)?.key : undefined, scope, undefined);
}

async function filter(
  { objects, clock }: Machinery,
  kind: ServedKind,
  candidates: readonly Entry[],
  matches: (facts: Facts) => boolean,
  size: number,
): Promise<{ entries: Entry[]; more: boolean }> {
  const entries: Entry[] = [];
  const slice = new Slice(clock);
  for (const entry of candidates) {
    if (slice.isOver()) await slice.pause();
    if (!matches(objects.facts(kind, entry))) continue;
    if (entries.length === size) return { entries, more: true };
    entries.push(entry);
  }
  return { entries, more: false };
}

/** With a name given there is one candidate per namespace at most; in a known namespace it is found by its key. */
function named(kind: ServedKind, selection: Selection, snapshot: Snapshot, name: string): Entry[] {
  if (kind.resource.namespaced && !selection.namespace) {
    return snapshot.scan(kind.prefix).filter((entry) => entry.key.endsWith(`/${name}`));
  }
  const entry = snapshot.get(kind.key(name, selection.namespace));
  return entry ? [entry] : [];
}

function page(
  snapshot: Snapshot,
  entries: readonly Entry[],
  last: string | undefined,
  scope: string,
  remaining: number | undefined,
): Page {
  const { revision } = snapshot;
  const after = last?.slice(scope.length);
  return {
    revision,
    entries,
    continueToken: after === undefined ? undefined : writeContinue({ revision, after }),
    remaining: after === undefined ? undefined : remaining,
  };
}

function options(after: string | undefined, limit: number | undefined): { after?: string; limit?: number } {
  return { ...(after === undefined ? {} : { after }), ...(limit === undefined ? {} : { limit }) };
}

function limitOf(query: URLSearchParams): number | undefined {
  const text = query.get("limit");
  if (text === null || text === "" || text === "0") return undefined;
  if (!/^\d{1,15}$/.test(text)) throw badRequest(`limit must be a whole number, not ${JSON.stringify(text)}`);
  return Math.min(Number(text), maxPageSize);
}

function checkMatch(match: string, version: string, token: string | null): void {
  if (match === "") {
    checkContinue(version, token);
    return;
  }
  const forbidden = (why: string) => badRequest(`resourceVersionMatch is forbidden: ${why}`);
  if (token) throw forbidden("resourceVersionMatch is forbidden when continue is provided");
  if (version === "") throw forbidden("resourceVersionMatch is forbidden unless resourceVersion is provided");
  if (match !== "Exact" && match !== "NotOlderThan") {
    throw badRequest(`resourceVersionMatch ${JSON.stringify(match)} is not one of Exact, NotOlderThan`);
  }
  if (match === "Exact" && version === "0") {
    throw forbidden('resourceVersionMatch "Exact" is forbidden for resourceVersion "0"');
  }
}

function checkContinue(version: string, token: string | null): void {
  if (token && version !== "" && version !== "0") {
    throw badRequest("specifying resource version is not allowed when using continue");
  }
}
