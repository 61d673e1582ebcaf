import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { makeSecretDirectory, readSecretFile, writeSecretFile } from "../pki/files.ts";

/** The key that signs service-account tokens (ECDSA P-256, ES256). */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Reads `DIRECTORY/sa.key`, or makes it (0600). Tokens signed with a lost key are refused: their holders renew them. */
export function openSigningKey(directory: string): SigningKey {
  makeSecretDirectory(directory);
  const path = join(directory, "sa.key");
  const pem = readSecretFile(path) ?? makeKey(path);
  const privateKey = createPrivateKey(pem);
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** A key that ends with the process. */
export function newSigningKey(): SigningKey {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

function makeKey(path: string): string {
  const { privateKey } = newSigningKey();
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  writeSecretFile(path, pem);
  return pem;
}
