import { secrets } from "#api";
import type { Random } from "#base";
import type { Transformer } from "../ports.ts";
import type { KeyRing } from "./key-ring.ts";
import { open, seal } from "./sealed-envelope.ts";

const openBrace = 0x7b;

/** Secrets are sealed at rest. A Secret that an older start stored in the clear still opens; its next write seals it. */
export function secretsTransformer(keys: KeyRing, random: Random): Transformer {
  return {
    handles: ({ group, resource }) => group === secrets.group && resource === secrets.resource,
    seal: (bytes, key) => seal(bytes, key, keys, random),
    open: (bytes, key) => (bytes[0] === openBrace ? bytes : open(bytes, key, keys)),
  };
}
