import { closeSync, constants, openSync, readSync } from "node:fs";
import { Socket } from "node:net";
import { Readable, Writable } from "node:stream";

/** See `Files.openFifo`. Reading is by events; an ordinary file stream would block a thread for as long as nobody writes. */
export function openFifo(path: string, writer: "before" | "after"): Readable {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  // Linux tells a reader that its writers are gone only if it has seen one. Reading tells without that.
  const first = writer === "after" ? readNow(descriptor) : undefined;
  if (first?.length === 0) {
    closeSync(descriptor);
    return Readable.from([]);
  }
  const socket = new Socket({ fd: descriptor, readable: true, writable: false });
  socket.on("error", () => socket.destroy());
  if (first) socket.unshift(first);
  return socket;
}

/** See `Files.openFifoToWrite`. Opened for both directions, because for writing alone the kernel wants a reader first. */
export function openFifoToWrite(path: string): Writable {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const socket = new Socket({ fd: descriptor, readable: false, writable: true });
  socket.on("error", () => socket.destroy());
  // A socket of its own would try to shut down one direction, which FIFOs do not have.
  return new Writable({
    write: (chunk, _encoding, done) => {
      socket.write(chunk, () => done());
    },
    final: (done) => {
      socket.destroy();
      done();
    },
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
}

/** What is in it; empty at its end; undefined when it is only empty as yet. */
function readNow(descriptor: number): Buffer | undefined {
  const buffer = Buffer.alloc(4096);
  try {
    return buffer.subarray(0, readSync(descriptor, buffer));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return undefined;
    throw error;
  }
}
