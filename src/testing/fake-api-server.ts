import {
  type ApiRequest,
  type ApiResponse,
  applyJsonPatch,
  applyMergePatch,
  applyStrategicMergePatch,
  cloneJson,
  type Json,
  type JsonObject,
  jsonEqual,
  type KubernetesObject,
  parseLabelSelector,
  type Transport,
} from "#api";
import { schemaOf } from "#api/behaviour";
import {
  ApiError,
  alreadyExists,
  BoundedQueue,
  badRequest,
  type Clock,
  conflict,
  expired,
  messageOf,
  notFound,
  seededRandom,
  timestamp,
} from "#base";

/** A stored object as the fake sees it: everything may be there, nothing is checked. */
type Stored = KubernetesObject & { spec?: JsonObject; status?: JsonObject };

/** One request as it came, for tests that count. */
export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/**
 * A small API server in memory: any kind, no validation, no defaults, no authorization. Revisions, conflicts, watches,
 * status, finalizers and grace periods are real, so that clients and controllers can be tested alone, faults included.
 */
export class FakeApiServer implements Transport {
  readonly requests: FakeRequest[] = [];
  /** Called before every request; throws what the server shall answer, or returns nothing. */
  fault: (request: FakeRequest) => void | Promise<void> = () => {};
  readonly #clock: Clock;
  readonly #random = seededRandom(1);
  readonly #objects = new Map<string, Stored>();
  readonly #history: Change[] = [];
  readonly #watchers = new Set<Watcher>();
  #revision = 1;
  #compacted = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async request(request: ApiRequest): Promise<ApiResponse> {
    const body = request.body ? JSON.parse(new TextDecoder().decode(request.body)) : undefined;
    const seen = { method: request.method, path: request.path, body };
    this.requests.push(seen);
    try {
      request.signal?.throwIfAborted();
      await unlessAborted(this.fault(seen), request.signal);
      return this.#answer(parseTarget(request.path), request, body);
    } catch (error) {
      if (error === request.signal?.reason) throw error;
      return json(error instanceof ApiError ? error.code : 500, statusOf(error));
    }
  }

  close(): Promise<void> {
    this.breakWatches();
    return Promise.resolve();
  }

  /** Ends every watch as a lost connection does. */
  breakWatches(error: Error = new Error("connection reset")): void {
    for (const watcher of this.#watchers) watcher.queue.close(error);
    this.#watchers.clear();
  }

  /** Forgets history: watches from before it get 410. */
  compact(): void {
    this.#compacted = this.#revision;
    this.#history.length = 0;
  }

  get watchCount(): number {
    return this.#watchers.size;
  }

  #answer(target: Target, request: ApiRequest, body: unknown): ApiResponse {
    if (request.method === "GET" && !target.name) {
      return target.query.get("watch") === "true" ? this.#watch(target, request) : this.#list(target);
    }
    if (request.method === "GET") return json(200, this.#existing(target));
    if (request.method === "POST" && !target.name) return json(201, this.#create(target, body as Stored));
    if (request.method === "POST") return json(201, this.#act(target, body as JsonObject));
    if (request.method === "PUT") return json(200, this.#update(target, body as Stored));
    if (request.method === "PATCH") return json(200, this.#patch(target, request, body));
    if (request.method === "DELETE" && target.name)
      return this.#delete(target, body as DeleteBody | undefined);
    throw badRequest(`the fake server does not know ${request.method} ${request.path}`);
  }

  #list(target: Target): ApiResponse {
    const matches = matcher(target);
    const items = [...this.#objects]
      .filter(([key, object]) => key.startsWith(target.prefix) && matches(object))
      .map(([, object]) => object);
    return json(200, { kind: "List", metadata: { resourceVersion: `${this.#revision}` }, items });
  }

  #watch(target: Target, request: ApiRequest): ApiResponse {
    const after = Number(target.query.get("resourceVersion") ?? this.#revision);
    if (after < this.#compacted) throw expired("the requested history is gone");
    const watcher: Watcher = { target, matches: matcher(target), queue: new BoundedQueue(100_000) };
    for (const change of this.#history) if (change.revision > after) tell(watcher, change);
    this.#watchers.add(watcher);
    request.signal?.addEventListener(
      "abort",
      () => {
        this.#watchers.delete(watcher);
        watcher.queue.close(request.signal?.reason);
      },
      { once: true },
    );
    return { status: 200, headers: jsonHeaders, body: watcher.queue };
  }

  #existing(target: Target): Stored {
    const object = this.#objects.get(target.key);
    if (!object) throw notFound(target);
    return object;
  }

  #create(target: Target, sent: Stored): Stored {
    const metadata = { ...sent.metadata };
    metadata.name ||= `${metadata.generateName ?? ""}${this.#random.uint32().toString(36).padStart(7, "0")}`;
    if (target.namespace) metadata.namespace = target.namespace;
    const at = { ...target, name: metadata.name, key: `${target.prefix}${metadata.name}` };
    if (!target.namespace && metadata.namespace)
      at.key = `${target.prefix}${metadata.namespace}/${metadata.name}`;
    if (this.#objects.has(at.key)) throw alreadyExists(at);
    metadata.uid = this.#random.uuid();
    metadata.creationTimestamp = timestamp(this.#clock);
    metadata.generation = 1;
    const object: Stored = { ...sent, metadata };
    if (target.resource === "namespaces") object.spec = { finalizers: ["kubernetes"] };
    return this.#put(at.key, object);
  }

  #update(target: Target, sent: Stored): Stored {
    const old = this.#existing(target);
    const expected = sent.metadata?.resourceVersion;
    if (expected && expected !== old.metadata?.resourceVersion) {
      throw conflict(target, "the object has been modified; please apply your changes to the latest version");
    }
    const metadata = { ...old.metadata, ...sent.metadata };
    if (target.subresource === "status") return this.#settle(target, { ...old, status: sent.status ?? {} });
    if (target.subresource === "finalize") return this.#settle(target, { ...old, spec: sent.spec ?? {} });
    if (!jsonEqual(old.spec, sent.spec)) metadata.generation = (old.metadata?.generation ?? 1) + 1;
    const object = { ...sent, metadata };
    if (old.status) object.status = old.status;
    return this.#settle(target, object);
  }

  /** Patches of all types; an apply is taken for a merge patch. */
  #patch(target: Target, request: ApiRequest, body: unknown): Stored {
    const type = request.headers["content-type"];
    const stored = this.#objects.get(target.key);
    if (type === "application/apply-patch+yaml" && !stored) return this.#create(target, body as Stored);
    const old = this.#existing(target) as unknown as JsonObject;
    return this.#update(target, cloneJson(patched(old, body, type)) as unknown as Stored);
  }

  #delete(target: Target, body: DeleteBody | undefined): ApiResponse {
    const object = cloneJson(this.#existing(target));
    const uid = body?.preconditions?.uid;
    if (uid && uid !== object.metadata?.uid)
      throw conflict(target, `the uid in the precondition is not ${uid}`);
    const metadata = { ...object.metadata };
    if (body?.propagationPolicy === "Foreground") {
      metadata.finalizers = [...new Set([...(metadata.finalizers ?? []), "foregroundDeletion"])];
    }
    if (body?.propagationPolicy === "Orphan") {
      metadata.finalizers = [...new Set([...(metadata.finalizers ?? []), "orphan"])];
    }
    const isScheduledPod = target.resource === "pods" && object.spec?.nodeName !== undefined;
    metadata.deletionGracePeriodSeconds = isScheduledPod ? (body?.gracePeriodSeconds ?? 30) : 0;
    metadata.deletionTimestamp ??= timestamp(this.#clock);
    const left = this.#settle(target, { ...object, metadata });
    if (this.#objects.has(target.key)) return json(200, left);
    return json(200, { kind: "Status", apiVersion: "v1", status: "Success" });
  }

  /** Stores the object, or removes it when it is being deleted and nothing holds it any more. */
  #settle(target: Target, object: Stored): Stored {
    const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata ?? {};
    const held =
      (finalizers?.length ?? 0) > 0 || Number((object.spec?.finalizers as string[])?.length ?? 0) > 0;
    if (deletionTimestamp && !held && !deletionGracePeriodSeconds) return this.#remove(target.key, object);
    return this.#put(target.key, object);
  }

  #act(target: Target, body: JsonObject): object {
    const object = this.#existing(target);
    if (target.subresource !== "binding") throw badRequest(`the fake server has no ${target.subresource}`);
    if (object.spec?.nodeName)
      throw conflict(target, `pod is already assigned to node "${object.spec.nodeName}"`);
    const nodeName = (body.target as JsonObject).name as string;
    this.#put(target.key, { ...object, spec: { ...object.spec, nodeName } });
    return { kind: "Status", apiVersion: "v1", status: "Success" };
  }

  #put(key: string, object: Stored): Stored {
    const old = this.#objects.get(key);
    if (old && jsonEqual(old, object)) return old;
    const stored = this.#stamped(object);
    this.#objects.set(key, stored);
    this.#record({ key, revision: this.#revision, object: stored, previous: old });
    return stored;
  }

  #remove(key: string, object: Stored): Stored {
    const old = this.#objects.get(key);
    const gone = this.#stamped(object);
    this.#objects.delete(key);
    this.#record({ key, revision: this.#revision, object: undefined, previous: old && gone });
    return gone;
  }

  #stamped(object: Stored): Stored {
    this.#revision += 1;
    return cloneJson({ ...object, metadata: { ...object.metadata, resourceVersion: `${this.#revision}` } });
  }

  #record(change: Change): void {
    this.#history.push(change);
    for (const watcher of this.#watchers) tell(watcher, change);
  }
}

interface Change {
  readonly key: string;
  readonly revision: number;
  readonly object: Stored | undefined;
  readonly previous: Stored | undefined;
}

interface Watcher {
  readonly target: Target;
  readonly matches: (object: Stored) => boolean;
  readonly queue: BoundedQueue<Uint8Array>;
}

/** The object with a patch of that media type applied. */
function patched(old: JsonObject, patch: unknown, type: string | undefined): Json {
  if (type?.includes("json-patch")) return applyJsonPatch(old, patch);
  const { apiVersion = "", kind = "" } = old as KubernetesObject;
  const [version = "", group = ""] = apiVersion.split("/").reverse();
  const schema = type?.includes("strategic") ? schemaOf({ group, version, kind }) : undefined;
  return schema ? applyStrategicMergePatch(old, patch, schema) : applyMergePatch(old, patch);
}

interface DeleteBody {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: string;
  readonly preconditions?: { readonly uid?: string };
}

interface Target {
  readonly group: string;
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly subresource: string | undefined;
  /** Keys are `group/resource/namespace/name`, or `group/resource/name`. */
  readonly prefix: string;
  readonly key: string;
  readonly query: URLSearchParams;
}

function parseTarget(path: string): Target {
  const url = new URL(path, "http://fake");
  const parts = url.pathname.split("/").filter(Boolean).map(decodeURIComponent);
  const rest = parts.slice(parts[0] === "api" ? 2 : 3);
  const group = parts[0] === "api" ? "" : (parts[1] ?? "");
  const isNamespaced =
    rest[0] === "namespaces" && rest.length > 2 && rest[2] !== "finalize" && rest[2] !== "status";
  const namespace = isNamespaced ? rest[1] : undefined;
  const [resource = "", name = "", subresource] = isNamespaced ? rest.slice(2) : rest;
  const prefix = `${group}/${resource}/${namespace ? `${namespace}/` : ""}`;
  return {
    group,
    resource,
    namespace,
    name,
    subresource,
    prefix,
    key: prefix + name,
    query: url.searchParams,
  };
}

function matcher(target: Target): (object: Stored) => boolean {
  const labels = parseLabelSelector(target.query.get("labelSelector") ?? "");
  const fields = (target.query.get("fieldSelector") ?? "").split(",").filter(Boolean);
  return (object) =>
    labels.matches(object.metadata?.labels) && fields.every((field) => fieldHolds(object, field));
}

function fieldHolds(object: Stored, requirement: string): boolean {
  const isNot = requirement.includes("!=");
  const [path = "", wanted = ""] = requirement.split(/!?==?/);
  let value: unknown = object;
  for (const part of path.split(".")) value = (value as JsonObject | undefined)?.[part];
  return (String(value ?? "") === wanted) !== isNot;
}

function tell(watcher: Watcher, change: Change): void {
  if (!change.key.startsWith(watcher.target.prefix)) return;
  const isIn = change.object !== undefined && watcher.matches(change.object);
  const wasIn = change.previous !== undefined && watcher.matches(change.previous);
  if (!isIn && !wasIn) return;
  const type = isIn ? (wasIn ? "MODIFIED" : "ADDED") : "DELETED";
  const shown = isIn ? change.object : change.previous;
  const metadata = { ...shown?.metadata, resourceVersion: `${change.revision}` };
  watcher.queue.push(encoder.encode(`${JSON.stringify({ type, object: { ...shown, metadata } })}\n`));
}

const encoder = new TextEncoder();
const jsonHeaders = { "content-type": "application/json" };

function json(status: number, answer: object): ApiResponse {
  return { status, headers: jsonHeaders, body: once(encoder.encode(JSON.stringify(answer))) };
}

/** As a real connection: what is aborted ends, whatever the server does. */
function unlessAborted(answer: void | Promise<void>, signal: AbortSignal | undefined): void | Promise<void> {
  if (!answer || !signal) return answer;
  const aborted = new Promise<void>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  return Promise.race([answer, aborted]);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function statusOf(error: unknown): object {
  const known = error instanceof ApiError ? error : undefined;
  return {
    kind: "Status",
    apiVersion: "v1",
    status: "Failure",
    reason: known?.reason ?? "InternalError",
    code: known?.code ?? 500,
    message: messageOf(error),
    details: known?.details,
  };
}
