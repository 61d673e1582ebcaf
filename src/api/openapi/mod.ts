/**
 * The OpenAPI documents of the built-in kinds. Each call makes its document anew, in pieces; callers keep the
 * bytes. What makes them, sentences included, is loaded at the first call: a server that nobody asks never holds it.
 */
import { fingerprint } from "../generated/fingerprint.ts";
import type { JsonObject } from "../json.ts";
import { openApiV3Paths } from "./paths.ts";
import type { Pause } from "./pause.ts";
import type { Describe } from "./schemas.ts";

export interface OpenApiOptions {
  /** Called every few milliseconds of work; others run meanwhile. */
  readonly pause: Pause;
}

/** The document at `/openapi/v3/PATH`, `apis/apps/v1` for example; undefined when built-in groups have none there. */
export async function openApiV3Document(
  path: string,
  { pause }: OpenApiOptions,
): Promise<JsonObject | undefined> {
  const { openApiV3 } = await import("./v3.ts");
  return openApiV3(path, { describe: await loadDescriptions(), pause });
}

/**
 * What `/openapi/v3` lists, by path: where each document is, with a hash that changes with its content. Custom kinds'
 * documents are the caller's to add.
 */
export function openApiV3Index(): Record<string, { readonly serverRelativeURL: string }> {
  return Object.fromEntries(
    openApiV3Paths().map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${openApiHash}` }]),
  );
}

/** Changes whenever any built-in document does: the ETag of them all. */
export const openApiHash: string = `${fingerprint.slice(0, 60)}-2`;

/** The document at `/openapi/v2`, for `application/json`. */
export async function openApiV2Document({ pause }: OpenApiOptions): Promise<JsonObject> {
  const { openApiV2 } = await import("./v2.ts");
  return openApiV2({ describe: await loadDescriptions(), pause });
}

/** The same as gnostic protobuf, for `application/com.github.proto-openapi.spec.v2@v1.0+protobuf`. */
export async function openApiV2Protobuf(options: OpenApiOptions): Promise<Uint8Array> {
  const { encodeGnostic } = await import("./gnostic.ts");
  return encodeGnostic(await openApiV2Document(options), options.pause);
}

async function loadDescriptions(): Promise<Describe> {
  const { descriptions } = await import("../generated/descriptions.ts");
  const packages = new Map<string, Readonly<Record<string, string>>>();
  return (owner, name) => {
    let sentences = packages.get(owner);
    if (sentences === undefined) {
      sentences = JSON.parse(descriptions[owner] ?? "{}") as Readonly<Record<string, string>>;
      packages.set(owner, sentences);
    }
    return Object.hasOwn(sentences, name) ? sentences[name] : undefined;
  };
}
