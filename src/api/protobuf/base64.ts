/** Standard base64 with padding, in the browser as in Node. */
export function encodeBase64(bytes: Uint8Array): string {
  return bytes.toBase64();
}

/** Throws SyntaxError for what is no base64. */
export function decodeBase64(text: string): Uint8Array {
  return Uint8Array.fromBase64(text);
}
