/**
 * The same bytes in memory of their own, off the JavaScript heap. A value is kept for long; as a view into a shared
 * buffer (Node's pool, a message with a thousand values) it would keep all of that alive.
 */
export function ownedBytes(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength === bytes.buffer.byteLength) return bytes;
  const own = Buffer.allocUnsafeSlow(bytes.byteLength);
  own.set(bytes);
  return own;
}
