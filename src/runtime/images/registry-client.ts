import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { type Clock, isAborted, messageOf } from "#base";
import { ImagePullError } from "../errors.ts";
import type { RegistryCredentials } from "../runtime.ts";
import { manifestTypes } from "./documents.ts";
import { documentBytes, registryIdleMs } from "./limits.ts";
import { formatReference, type Reference } from "./reference.ts";

export type Fetch = typeof globalThis.fetch;

export interface RegistryDocument {
  readonly bytes: Uint8Array;
  readonly digest: string;
}

/**
 * Reads one repository of a registry: OCI distribution specification 1.1, with bearer tokens as the Docker registry hands them out. Plain HTTP
 * only to loopback addresses. Throws `ImagePullError`.
 */
export class RegistryClient {
  readonly #reference: Reference;
  readonly #name: string;
  readonly #fetch: Fetch;
  readonly #clock: Clock;
  readonly #credentials: RegistryCredentials | undefined;
  readonly #signal: AbortSignal | undefined;
  #authorization: string | undefined;

  constructor(options: {
    reference: Reference;
    fetch: Fetch;
    clock: Clock;
    credentials?: RegistryCredentials | undefined;
    signal?: AbortSignal | undefined;
  }) {
    this.#reference = options.reference;
    this.#name = formatReference(options.reference);
    this.#fetch = options.fetch;
    this.#clock = options.clock;
    this.#credentials = options.credentials;
    this.#signal = options.signal;
  }

  /** A manifest or index by tag or digest; checked when asked for by digest. */
  async manifest(tagOrDigest: string): Promise<RegistryDocument> {
    return this.#document(`manifests/${tagOrDigest}`, tagOrDigest, manifestTypes.join(", "));
  }

  /** A small blob, checked against its digest: the image configuration. */
  async document(digest: string): Promise<RegistryDocument> {
    return this.#document(`blobs/${digest}`, digest, "*/*");
  }

  /** A layer's bytes as they come. The reader checks their digest. More than `size` bytes are refused. */
  async blob(digest: string, size: number, signal: AbortSignal): Promise<Readable> {
    const response = await this.#get(`blobs/${digest}`, "*/*", signal);
    return Readable.from(this.#bounded(response, size, `layer ${digest.slice(0, 19)}`), {
      objectMode: false,
    });
  }

  async #document(path: string, wanted: string, accept: string): Promise<RegistryDocument> {
    const response = await this.#get(path, accept, this.#signal);
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.#bounded(response, documentBytes, path)) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    if (wanted.startsWith("sha256:") && digest !== wanted) {
      throw this.#error("ErrImagePull", `the registry sent content with digest ${digest} for ${wanted}`);
    }
    return { bytes, digest };
  }

  async #get(path: string, accept: string, signal: AbortSignal | undefined): Promise<Response> {
    const url = `${registryOrigin(this.#reference.registry)}/v2/${this.#reference.repository}/${path}`;
    let response = await this.#request(url, accept, signal);
    if (response.status === 401) {
      const challenge = response.headers.get("www-authenticate") ?? "";
      await response.body?.cancel();
      this.#authorization = await this.#authorize(challenge, signal);
      response = await this.#request(url, accept, signal);
    }
    if (response.ok) return response;
    await response.body?.cancel();
    const { status } = response;
    if (status === 401 || status === 403) {
      throw this.#error(
        "Unauthorized",
        `the registry refused access (${status}); check the name and the pull secret`,
      );
    }
    if (status === 404) throw this.#error("ImageNotFound", `${path} does not exist in the registry`);
    if (status === 429 || status >= 500)
      throw this.#error("RegistryUnavailable", `the registry answered ${status}`);
    throw this.#error("ErrImagePull", `the registry answered ${status} for ${path}`);
  }

  async #request(url: string, accept: string, signal: AbortSignal | undefined): Promise<Response> {
    const headers: Record<string, string> = { accept };
    if (this.#authorization) headers.authorization = this.#authorization;
    return this.#answer(url, { headers }, signal);
  }

  /** A registry that does not begin to answer in time is unavailable. */
  async #answer(url: string, init: RequestInit, signal: AbortSignal | undefined): Promise<Response> {
    const idle = new AbortController();
    const timer = this.#clock.setTimer(registryIdleMs, () => idle.abort(new Error("no answer in time")));
    try {
      const either = signal ? AbortSignal.any([signal, idle.signal]) : idle.signal;
      return await this.#fetch(url, { ...init, signal: either });
    } catch (error) {
      signal?.throwIfAborted();
      const cause = isAborted(error) ? error : ((error as Error).cause ?? error);
      throw this.#error(
        "RegistryUnavailable",
        `cannot reach ${new URL(url).host}: ${messageOf(cause)}`,
        error,
      );
    } finally {
      timer.cancel();
    }
  }

  async *#bounded(response: Response, size: number, what: string): AsyncGenerator<Buffer> {
    if (!response.body) return;
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let bytes = 0;
    try {
      for (;;) {
        const stalled = Promise.withResolvers<never>();
        const timer = this.#clock.setTimer(registryIdleMs, () =>
          stalled.reject(this.#error("RegistryUnavailable", `${what} stalled after ${bytes} bytes`)),
        );
        const { done, value } = await Promise.race([reader.read(), stalled.promise]).finally(() =>
          timer.cancel(),
        );
        if (done) return;
        bytes += value.byteLength;
        if (bytes > size)
          throw this.#error("ErrImagePull", `${what} is larger than the ${size} bytes announced`);
        yield Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      }
    } catch (error) {
      if (error instanceof ImagePullError) throw error;
      this.#signal?.throwIfAborted();
      throw this.#error("RegistryUnavailable", `the connection broke in ${what}: ${messageOf(error)}`, error);
    } finally {
      await reader.cancel().catch(() => {});
    }
  }

  /** Answers a challenge (RFC 9110 §11.6.1): basic credentials, or a token from the place it names. */
  async #authorize(challenge: string, signal: AbortSignal | undefined): Promise<string> {
    const { scheme, parameters } = parseChallenge(challenge);
    const basic = this.#credentials
      ? `Basic ${Buffer.from(`${this.#credentials.username}:${this.#credentials.password}`).toString("base64")}`
      : undefined;
    if (scheme === "basic" && basic) return basic;
    const realm = parameters.get("realm");
    if (scheme !== "bearer" || !realm || !URL.canParse(realm)) {
      throw this.#error(
        "Unauthorized",
        "the registry asks for credentials; give the pod an image pull secret",
      );
    }
    const url = new URL(realm);
    if (url.protocol !== "https:" && !isLoopback(url.hostname)) {
      throw this.#error("Unauthorized", `the registry asks to log in without encryption at ${url.origin}`);
    }
    const service = parameters.get("service");
    if (service) url.searchParams.set("service", service);
    url.searchParams.set("scope", parameters.get("scope") ?? `repository:${this.#reference.repository}:pull`);
    const response = await this.#answer(url.href, basic ? { headers: { authorization: basic } } : {}, signal);
    const answer = (await response.json().catch(() => ({}))) as { token?: unknown; access_token?: unknown };
    const token = answer.token ?? answer.access_token;
    if (!response.ok || typeof token !== "string") {
      throw this.#error(
        "Unauthorized",
        `${url.host} gave no token (${response.status}); check the pull secret`,
      );
    }
    return `Bearer ${token}`;
  }

  #error(reason: ImagePullError["reason"], why: string, cause?: unknown): ImagePullError {
    return new ImagePullError(reason, this.#name, why, cause);
  }
}

function registryOrigin(registry: string): string {
  if (registry === "docker.io") return "https://registry-1.docker.io";
  const { hostname } = new URL(`http://${registry}`);
  return `${isLoopback(hostname) ? "http" : "https"}://${registry}`;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function parseChallenge(challenge: string): { scheme: string; parameters: Map<string, string> } {
  const space = challenge.indexOf(" ");
  const scheme = (space < 0 ? challenge : challenge.slice(0, space)).toLowerCase();
  const parameters = new Map<string, string>();
  for (const [, key, quoted, bare] of challenge
    .slice(space + 1)
    .matchAll(/([\w-]+)=(?:"([^"]*)"|([^\s,]+))/g)) {
    if (key) parameters.set(key.toLowerCase(), quoted ?? bare ?? "");
  }
  return { scheme, parameters };
}
