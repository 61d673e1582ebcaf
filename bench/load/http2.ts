import type { TLSSocket } from "node:tls";
import type { LoadConnection, NextRequest, OnAnswer } from "./connection.ts";
import { openSocket } from "./connection.ts";
import type { Endpoint } from "./load.ts";

/** Frame types and flags, RFC 9113 section 6. */
const types = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7, windowUpdate: 8 } as const;
const flags = { endStream: 1, acknowledged: 1, endHeaders: 4 } as const;

const largestWindow = 2 ** 31 - 1;
/** The connection's window is widened again after so many bytes. */
const windowStep = 2 ** 30;

/**
 * One HTTP/2 connection with one request under way. Frames are written and read by hand, because Node's own client takes more
 * of a core than the server that is measured. `next` gives header blocks.
 */
export async function openHttp2(endpoint: Endpoint): Promise<LoadConnection> {
  const socket = await openSocket(endpoint, "h2");
  const window = Buffer.alloc(4);
  window.writeUInt32BE(largestWindow - 65_535);
  const settings = Buffer.alloc(12);
  settings.writeUInt16BE(2, 0); // ENABLE_PUSH: 0
  settings.writeUInt16BE(4, 6); // INITIAL_WINDOW_SIZE
  settings.writeUInt32BE(largestWindow, 8);
  socket.write(Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  socket.write(frame(types.settings, 0, 0, settings));
  socket.write(frame(types.windowUpdate, 0, 0, window));
  return { run: (next, onAnswer) => exchange(socket, next, onAnswer), close: () => socket.destroy() };
}

/** A GET as a header block, RFC 7541: indexed where the static table has it, else literal and not indexed. */
export function getBlock(authority: string, path: string): Buffer {
  return Buffer.concat([
    Buffer.from([0x82, 0x87, 0x04]),
    literal(path),
    Buffer.from([0x01]),
    literal(authority),
  ]);
}

function exchange(socket: TLSSocket, next: NextRequest, onAnswer: OnAnswer): Promise<void> {
  return new Promise((resolve, reject) => {
    let rest: Buffer | undefined;
    let streamId = -1;
    let status = 0;
    let bodyBytes = 0;
    let sinceUpdate = 0;

    const send = () => {
      const block = next();
      streamId += 2;
      status = 0;
      bodyBytes = 0;
      if (block) socket.write(frame(types.headers, flags.endHeaders | flags.endStream, streamId, block));
      else {
        socket.removeAllListeners("data");
        resolve();
      }
    };
    const take = (type: number, flag: number, stream: number, payload: Buffer) => {
      if (type === types.settings && !(flag & flags.acknowledged)) {
        socket.write(frame(types.settings, flags.acknowledged, 0, Buffer.alloc(0)));
      } else if (type === types.ping && !(flag & flags.acknowledged)) {
        socket.write(frame(types.ping, flags.acknowledged, 0, payload));
      } else if (type === types.goAway || type === types.reset) {
        throw new Error(
          `the server ended the stream (frame ${type}, code ${payload.readUInt32BE(type === types.goAway ? 4 : 0)})`,
        );
      } else if (stream === streamId && (type === types.data || type === types.headers)) {
        if (type === types.data) bodyBytes += payload.length;
        else status ||= statusOf(payload);
        if (flag & flags.endStream) {
          onAnswer(status, bodyBytes);
          send();
        }
      }
    };
    socket.on("data", (chunk: Buffer) => {
      try {
        let buffer = rest ? Buffer.concat([rest, chunk]) : chunk;
        while (buffer.length >= 9 && buffer.length >= 9 + buffer.readUIntBE(0, 3)) {
          const end = 9 + buffer.readUIntBE(0, 3);
          take(buffer.readUInt8(3), buffer.readUInt8(4), buffer.readUInt32BE(5), buffer.subarray(9, end));
          buffer = buffer.subarray(end);
        }
        rest = buffer.length > 0 ? buffer : undefined;
        sinceUpdate += chunk.length;
        if (sinceUpdate > windowStep) {
          const more = Buffer.alloc(4);
          more.writeUInt32BE(windowStep);
          socket.write(frame(types.windowUpdate, 0, 0, more));
          sinceUpdate -= windowStep;
        }
      } catch (error) {
        reject(error);
      }
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("the server closed the connection")));
    send();
  });
}

/** The status of an answer whose first field, after changes of the table's size, is `:status: 200` from the static table; else 0. */
function statusOf(block: Buffer): number {
  let at = 0;
  while (((block[at] ?? 0) & 0xe0) === 0x20) {
    const many = block[at] === 0x3f;
    at++;
    if (many) while ((block[at++] ?? 0) & 0x80);
  }
  return block[at] === 0x88 ? 200 : 0;
}

function frame(type: number, flag: number, stream: number, payload: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(9 + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes.writeUInt8(type, 3);
  bytes.writeUInt8(flag, 4);
  bytes.writeUInt32BE(stream, 5);
  payload.copy(bytes, 9);
  return bytes;
}

/** A string without Huffman coding. Shorter than 127 + 128 bytes, as all paths of the bench are. */
function literal(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  const length = bytes.length < 127 ? [bytes.length] : [127, bytes.length - 127];
  return Buffer.concat([Buffer.from(length), bytes]);
}
