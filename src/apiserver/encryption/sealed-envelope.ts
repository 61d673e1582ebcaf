import { createCipheriv, createDecipheriv } from "node:crypto";
import { messageOf, type Random } from "#base";
import type { KeyRing } from "./key-ring.ts";

/**
 * What lies in the store for a sealed object (AES-256-GCM, NIST SP 800-38D):
 *
 * ```
 *   format 1 │ length of key id │ key id │ nonce (12) │ ciphertext │ tag (16)
 *     1 byte        1 byte
 * ```
 *
 * The store key is authenticated with it: a sealed value copied under another key does not open.
 */
const formatVersion = 1;
const nonceLength = 12;
const tagLength = 16;

export function seal(bytes: Uint8Array, storeKey: string, keys: KeyRing, random: Random): Uint8Array {
  const { id, secret } = keys.current;
  const nonce = random.bytes(nonceLength);
  const cipher = createCipheriv("aes-256-gcm", secret, nonce, { authTagLength: tagLength });
  cipher.setAAD(Buffer.from(storeKey, "utf8"));
  const header = Buffer.from([formatVersion, id.length]);
  return Buffer.concat([
    header,
    Buffer.from(id, "ascii"),
    nonce,
    cipher.update(bytes),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
}

/** Throws when the value was not sealed by one of the keys for this store key, or was changed since. */
export function open(sealed: Uint8Array, storeKey: string, keys: KeyRing): Uint8Array {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes[0] !== formatVersion) {
    throw new Error(
      `cannot open ${storeKey}: its envelope has format ${bytes[0]}, this version knows ${formatVersion}`,
    );
  }
  const idEnd = 2 + (bytes[1] ?? 0);
  const id = bytes.toString("ascii", 2, idEnd);
  const key = keys.find(id);
  if (!key)
    throw new Error(
      `cannot open ${storeKey}: it was sealed with the key "${id}", which is not in ${keys.path}. Put that key back into the file, after the current one`,
    );
  const nonce = bytes.subarray(idEnd, idEnd + nonceLength);
  const tagStart = bytes.length - tagLength;
  try {
    const decipher = createDecipheriv("aes-256-gcm", key.secret, nonce, { authTagLength: tagLength });
    decipher.setAAD(Buffer.from(storeKey, "utf8"));
    decipher.setAuthTag(bytes.subarray(tagStart));
    return Buffer.concat([decipher.update(bytes.subarray(idEnd + nonceLength, tagStart)), decipher.final()]);
  } catch (error) {
    throw new Error(
      `cannot open ${storeKey}: it was changed, or sealed with another key named "${id}" (${messageOf(error)})`,
      { cause: error },
    );
  }
}
