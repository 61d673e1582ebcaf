import type { Writable } from "node:stream";
import { listSliceBytes, sliceBuffers } from "../limits.ts";
import { isPieces, type Pieces } from "../pipeline/exchange.ts";

/**
 * Writes the body of an answer to its end. A large one goes in slices: pieces are gathered in a buffer, because each write
 * through TLS costs as much as a few kilobytes of copying. The buffers are used again and again: fresh ones of this size
 * cost more to get from the system than to fill. When the client has gone, there is nobody to tell.
 */
export async function sendBody(to: Writable, body: Uint8Array | Pieces): Promise<void> {
  if (!isPieces(body)) {
    to.end(body);
    return;
  }
  const buffer = free.pop() ?? Buffer.allocUnsafeSlow(listSliceBytes);
  try {
    let size = 0;
    for (const piece of body.pieces) {
      if (size + piece.length > buffer.length) {
        if (size > 0) await written(to, buffer.subarray(0, size));
        size = 0;
      }
      if (piece.length > buffer.length) await written(to, piece);
      else {
        buffer.set(piece, size);
        size += piece.length;
      }
    }
    if (size > 0) await written(to, buffer.subarray(0, size));
    to.end();
  } catch {
    to.destroy();
  } finally {
    if (free.length < sliceBuffers) free.push(buffer);
  }
}

const free: Buffer[] = [];

/** Resolves when the bytes are no longer needed; rejects when the client has gone. */
function written(to: Writable, slice: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    if (to.destroyed) reject(new Error("the client has gone"));
    else to.write(slice, (error) => (error ? reject(error) : resolve()));
  });
}
