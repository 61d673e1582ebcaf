import { listSliceBytes, sliceBuffers } from "../limits.ts";
import type { Pieces } from "../pipeline/exchange.ts";

/**
 * Writes a large body in slices: pieces are gathered in a buffer, because each write through TLS costs as much as a
 * few kilobytes of copying. The buffers are used again and again: fresh ones of this size cost more to get from the
 * system than to fill. `write` resolves when the bytes are no longer needed.
 */
export async function writeSliced(body: Pieces, write: (slice: Uint8Array) => Promise<void>): Promise<void> {
  const buffer = free.pop() ?? Buffer.allocUnsafeSlow(listSliceBytes);
  try {
    let size = 0;
    for (const piece of body.pieces) {
      if (size + piece.length > buffer.length) {
        if (size > 0) await write(buffer.subarray(0, size));
        size = 0;
      }
      if (piece.length > buffer.length) await write(piece);
      else {
        buffer.set(piece, size);
        size += piece.length;
      }
    }
    if (size > 0) await write(buffer.subarray(0, size));
  } finally {
    if (free.length < sliceBuffers) free.push(buffer);
  }
}

const free: Buffer[] = [];
