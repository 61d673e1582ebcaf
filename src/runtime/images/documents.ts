import type { ImageConfig } from "../runtime.ts";
import { imageLayers } from "./limits.ts";
import { digestPattern } from "./reference.ts";

/** The documents of the OCI image specification 1.1 (and Docker's version 2, schema 2, which means the same), checked. */

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform:
    | { readonly os: string; readonly architecture: string; readonly variant: string | undefined }
    | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Manifest {
  readonly kind: "manifest";
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

export interface Index {
  readonly kind: "index";
  readonly manifests: readonly Descriptor[];
}

/** The image configuration: how to run it, and its layers by the digest of their unpacked tar. */
export interface ImageDocument {
  readonly config: ImageConfig;
  readonly layers: readonly string[];
  readonly createdAt: number | undefined;
}

export interface Platform {
  readonly architecture: string;
}

export const manifestTypes: readonly string[] = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

/** What is wrong with a document: their input. */
export class DocumentError extends Error {
  override readonly name = "DocumentError";
}

export function parseManifest(json: string | Uint8Array): Manifest | Index {
  const document = object(parseJson(json), "the manifest");
  if (document.schemaVersion !== 2)
    throw new DocumentError("a manifest of schema version 1, which is no longer supported");
  if (Array.isArray(document.manifests)) {
    return { kind: "index", manifests: document.manifests.map((one) => descriptor(one, "an index entry")) };
  }
  const layers = array(document.layers, "the manifest's layers").map((one) => descriptor(one, "a layer"));
  return { kind: "manifest", config: descriptor(document.config, "the manifest's config"), layers };
}

/** The entry of an index for a platform; what names no platform fits any. Undefined when there is none. */
export function choosePlatform(index: Index, platform: Platform): Descriptor | undefined {
  const images = index.manifests.filter((one) => one.platform?.os !== "unknown");
  return (
    images.find(
      (one) => one.platform?.os === "linux" && one.platform.architecture === platform.architecture,
    ) ?? images.find((one) => one.platform === undefined)
  );
}

export function parseImage(json: string | Uint8Array): ImageDocument {
  const document = object(parseJson(json), "the image configuration");
  const config = document.config == null ? {} : object(document.config, "config");
  const layers = array(object(document.rootfs, "rootfs").diff_ids, "rootfs.diff_ids").map((one) => {
    if (typeof one !== "string" || !digestPattern.test(one))
      throw new DocumentError(`"${one}" is not a digest`);
    return one;
  });
  if (layers.length > imageLayers)
    throw new DocumentError(`${layers.length} layers; at most ${imageLayers} can be mounted`);
  const created = typeof document.created === "string" ? Date.parse(document.created) : Number.NaN;
  return {
    layers,
    createdAt: Number.isNaN(created) ? undefined : created,
    config: {
      user: string(config.User),
      entrypoint: strings(config.Entrypoint),
      command: strings(config.Cmd),
      environment: strings(config.Env),
      workingDirectory: string(config.WorkingDir),
      stopSignal: string(config.StopSignal) || undefined,
      labels: texts(config.Labels),
    },
  };
}

export function parseJson(json: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof json === "string" ? json : Buffer.from(json).toString("utf8"));
  } catch (error) {
    throw new DocumentError("not JSON", { cause: error });
  }
}

export function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new DocumentError(`${what} is missing`);
  return value as Record<string, unknown>;
}

export function array(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw new DocumentError(`${what} is not a list`);
  return value;
}

function descriptor(value: unknown, what: string): Descriptor {
  const found = object(value, what);
  const { mediaType, digest, size } = found;
  if (typeof digest !== "string" || !digestPattern.test(digest))
    throw new DocumentError(`${what} has no sha256 digest`);
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
    throw new DocumentError(`${what} has no size`);
  const platform = found.platform == null ? undefined : object(found.platform, "platform");
  return {
    mediaType: string(mediaType),
    digest,
    size,
    platform: platform && {
      os: string(platform.os),
      architecture: string(platform.architecture),
      variant: string(platform.variant) || undefined,
    },
    annotations: texts(found.annotations),
  };
}

function string(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

function texts(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([, text]) => typeof text === "string"));
}
