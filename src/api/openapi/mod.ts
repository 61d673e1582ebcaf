/**
 * The OpenAPI documents of the built-in kinds. Each call makes its document anew and takes milliseconds; callers keep
 * the bytes. The sentences in them are loaded at the first call, so that a server nobody asks never holds them.
 */
import { fingerprint } from "../generated/fingerprint.ts";
import type { JsonObject } from "../json.ts";
import { encodeGnostic } from "./gnostic.ts";
import type { Describe } from "./schemas.ts";
import { openApiV2 } from "./v2.ts";
import { openApiV3, openApiV3Paths } from "./v3.ts";

/** The document at `/openapi/v3/PATH`, `apis/apps/v1` for example; undefined when built-in groups have none there. */
export async function openApiV3Document(path: string): Promise<JsonObject | undefined> {
  return openApiV3(path, await loadDescriptions());
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
export async function openApiV2Document(): Promise<JsonObject> {
  return openApiV2(await loadDescriptions());
}

/** The same as gnostic protobuf, for `application/com.github.proto-openapi.spec.v2@v1.0+protobuf`. */
export async function openApiV2Protobuf(): Promise<Uint8Array> {
  return encodeGnostic(openApiV2(await loadDescriptions()));
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
