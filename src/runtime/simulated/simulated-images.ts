import { type Clock, notFound } from "#base";
import { ImagePullError } from "../errors.ts";
import { digestPattern, normalizeReference } from "../images/reference.ts";
import type { Image, ImageConfig, ImagePullReason, ImageStore } from "../runtime.ts";

export interface SimulatedImagesOptions {
  readonly clock: Clock;
  /** Images here from the start, by name. */
  readonly present?: readonly string[];
  readonly pullMs?: number;
  /** Makes pulls fail, or undefined. */
  readonly pullFailure?: (reference: string) => { reason: ImagePullReason; message: string } | undefined;
  /** Configuration of the image a name stands for; default: runs nothing as root. */
  readonly config?: (reference: string) => Partial<ImageConfig>;
}

/** Images in memory. A name's digest is made from the name, so the same name is the same image everywhere. */
export function simulatedImages(options: SimulatedImagesOptions): ImageStore {
  const { clock } = options;
  const byName = new Map<string, Image>();

  const make = (name: string): Image => {
    const id = digestPattern.exec(name.slice(name.indexOf("@") + 1))?.[0] ?? fakeDigest(name);
    const known = find(id);
    const image: Image = {
      id,
      names: known ? [...known.names, name] : [name],
      digests: known?.digests ?? [`${name.replace(/[:@][^/]*$/, "")}@${id}`],
      sizeBytes: 10_000_000,
      createdAt: 0,
      config: known?.config ?? { ...emptyConfig, ...options.config?.(name) },
    };
    for (const one of image.names) byName.set(one, image);
    return image;
  };
  const find = (reference: string): Image | undefined => {
    for (const image of byName.values())
      if (image.id === reference || image.digests.includes(reference)) return image;
    return digestPattern.test(reference) ? undefined : byName.get(normalizeReference(reference));
  };
  for (const name of options.present ?? []) make(normalizeReference(name));

  return {
    async importArchive(path, given = {}) {
      const names = given.names ?? [path.slice(path.lastIndexOf("/") + 1).replace(/\.tar(\.gz)?$/, "")];
      return names.map((name) => make(normalizeReference(name)));
    },
    async pull(reference, { signal } = {}) {
      const name = normalizeReference(reference);
      if (options.pullMs) await clock.sleep(options.pullMs, signal);
      const failure = options.pullFailure?.(reference);
      if (failure) throw new ImagePullError(failure.reason, reference, failure.message);
      return make(name);
    },
    resolve: async (reference) => find(reference),
    list: async () => [...new Set(byName.values())],
    async tag(reference, name) {
      const image = find(reference);
      if (!image) throw notFound({ resource: "images", name: reference });
      const names = [...new Set([...image.names, normalizeReference(name)])];
      const tagged = { ...image, names };
      for (const one of names) byName.set(one, tagged);
      return tagged;
    },
    async remove(reference) {
      const image = find(reference);
      if (!image) return;
      const gone = digestPattern.test(reference) ? image.names : [normalizeReference(reference)];
      const left = { ...image, names: image.names.filter((name) => !gone.includes(name)) };
      for (const name of gone) byName.delete(name);
      for (const name of left.names) byName.set(name, left);
    },
  };
}

const emptyConfig: ImageConfig = {
  user: "",
  entrypoint: [],
  command: [],
  environment: [],
  workingDirectory: "",
  stopSignal: undefined,
  labels: {},
};

/** 64 digits from a name (FNV-1a, spread): looks like a digest, needs no cryptography. */
function fakeDigest(name: string): string {
  let text = "";
  for (let part = 0; part < 8; part += 1) {
    let hash = 0x811c9dc5 ^ part;
    for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
    text += (hash >>> 0).toString(16).padStart(8, "0");
  }
  return `sha256:${text}`;
}
