import { dirname } from "node:path";
import { assert, type Random } from "#base";
import { makeSecretDirectory, readSecretFile, writeSecretFile } from "../pki/files.ts";

/** Keys for data at rest. The first one seals; all of them open, so that keys can be changed without a halt. */
export interface KeyRing {
  readonly path: string;
  readonly current: EncryptionKey;
  find(id: string): EncryptionKey | undefined;
}

export interface EncryptionKey {
  /** Up to 255 characters of ASCII, unique in the ring. */
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

interface KeyFile {
  readonly formatVersion: 1;
  readonly keys: readonly { readonly id: string; readonly secret: string }[];
}

/** Reads the key file (0600), or makes one with a new key. To change keys, put a new one first and keep the old. */
export function openKeyRing(path: string, random: Random): KeyRing {
  const text = readSecretFile(path) ?? makeKeyFile(path, random);
  const keys = parseKeyFile(text, path);
  const [current] = keys;
  assert(current, "a key file that was read has keys");
  const byId = new Map(keys.map((key) => [key.id, key]));
  return { path, current, find: (id) => byId.get(id) };
}

function makeKeyFile(path: string, random: Random): string {
  makeSecretDirectory(dirname(path));
  const secret = Buffer.from(random.bytes(32)).toString("base64");
  const id = `key-${Buffer.from(random.bytes(4)).toString("hex")}`;
  const file: KeyFile = { formatVersion: 1, keys: [{ id, secret }] };
  const text = `${JSON.stringify(file, null, 2)}\n`;
  writeSecretFile(path, text);
  return text;
}

function parseKeyFile(text: string, path: string): EncryptionKey[] {
  const problem = (why: string, cause?: unknown) =>
    new Error(
      `cannot read the encryption keys in ${path}: ${why}. Restore the file from a backup: without it the stored Secrets cannot be read`,
      { cause },
    );
  let file: KeyFile;
  try {
    file = JSON.parse(text) as KeyFile;
  } catch (error) {
    throw problem("it is not JSON", error);
  }
  if (file.formatVersion !== 1)
    throw problem(`its formatVersion is ${file.formatVersion}, this version knows 1`);
  const keys = (file.keys ?? []).map(({ id, secret }) => ({
    id,
    secret: new Uint8Array(Buffer.from(secret, "base64")),
  }));
  if (keys.length === 0) throw problem("it holds no keys");
  const bad = keys.find((key) => key.secret.length !== 32 || !/^[\x21-\x7e]{1,255}$/.test(key.id));
  if (bad) throw problem(`the key ${JSON.stringify(bad.id)} is not 32 bytes under an id of ASCII`);
  return keys;
}
