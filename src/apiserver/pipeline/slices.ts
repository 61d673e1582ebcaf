import { listSliceBytes } from "../limits.ts";
import { isPieces, type Pieces } from "./exchange.ts";

/**
 * A body in slices of about the size that is written at once: small pieces are joined, because each write through
 * TLS costs as much as a few kilobytes of copying.
 */
export function* slices(body: Uint8Array | Pieces): Iterable<Uint8Array> {
  if (!isPieces(body)) {
    yield body;
    return;
  }
  let batch: Uint8Array[] = [];
  let size = 0;
  for (const piece of body.pieces) {
    batch.push(piece);
    size += piece.length;
    if (size < listSliceBytes) continue;
    yield Buffer.concat(batch, size);
    batch = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(batch, size);
}
