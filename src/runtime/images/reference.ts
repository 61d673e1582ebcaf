import { ImagePullError } from "../errors.ts";

/** An image reference taken apart: `registry/repository:tag@digest`. */
export interface Reference {
  /** `docker.io`, `ghcr.io`, `127.0.0.1:5000`. */
  readonly registry: string;
  /** `library/nginx`. */
  readonly repository: string;
  readonly tag: string | undefined;
  /** `sha256:…` */
  readonly digest: string | undefined;
}

/**
 * Takes a reference apart and fills in what is left out: `nginx` means `docker.io/library/nginx:latest`. The grammar is that of the
 * distribution project's reference package. Throws `ImagePullError` with reason InvalidImageName.
 */
export function parseReference(text: string): Reference {
  const invalid = (why: string) => new ImagePullError("InvalidImageName", text, why);
  if (text.length > 512) throw invalid("the name is longer than 512 characters");
  const [named = "", digest, ...more] = text.split("@");
  if (more.length > 0 || (digest !== undefined && !digestPattern.test(digest))) {
    throw invalid(`"${text.slice(named.length + 1)}" is not a digest (sha256: and 64 hexadecimal digits)`);
  }
  const colon = named.indexOf(":", named.lastIndexOf("/") + 1);
  const path = colon < 0 ? named : named.slice(0, colon);
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  if (tag !== undefined && !tagPattern.test(tag)) throw invalid(`"${tag}" is not a tag`);
  const { registry, repository } = splitPath(path);
  if (!registryPattern.test(registry)) throw invalid(`"${registry}" is not a registry's host name`);
  if (!repositoryPattern.test(repository)) {
    throw invalid(`"${repository}" is not a repository name (lower-case letters, digits, separators)`);
  }
  return { registry, repository, tag: tag ?? (digest === undefined ? "latest" : undefined), digest };
}

/** The full form: what names are stored and compared as. */
export function formatReference(reference: Reference): string {
  const { registry, repository, tag, digest } = reference;
  return `${registry}/${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

export function normalizeReference(text: string): string {
  return formatReference(parseReference(text));
}

export const digestPattern = /^sha256:[0-9a-f]{64}$/;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const registryPattern =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;
const repositoryPattern =
  /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;

/** The first part is a registry when it could not be anything else: it has a dot or a port, or is `localhost`. */
function splitPath(path: string): { registry: string; repository: string } {
  const slash = path.indexOf("/");
  const first = slash < 0 ? "" : path.slice(0, slash);
  const isRegistry = /[.:[]/.test(first) || first === "localhost" || first.toLowerCase() !== first;
  if (!isRegistry) return { registry: "docker.io", repository: slash < 0 ? `library/${path}` : path };
  const registry = first === "index.docker.io" ? "docker.io" : first;
  const repository = path.slice(slash + 1);
  const official = registry === "docker.io" && !repository.includes("/");
  return { registry, repository: official ? `library/${repository}` : repository };
}
