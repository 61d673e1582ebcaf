import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import { ApiError, badRequest, type Clock } from "#base";
import { maxBodyBytes, uploadTimeoutMs } from "../limits.ts";

/**
 * Reads a request's body to its end. Throws RequestEntityTooLarge, without reading on, when it exceeds the limit, and
 * Timeout when it does not come.
 */
export async function readBody(
  stream: Readable,
  headers: IncomingHttpHeaders,
  clock: Clock,
): Promise<Uint8Array> {
  const announced = Number(headers["content-length"] ?? 0);
  if (announced > maxBodyBytes) throw tooLarge();
  if (announced === 0 || stream.readableLength !== announced) return receive(stream, clock);
  // A small body comes together with its head: there is nothing to wait for, and nobody who could be slow.
  const body: Buffer = stream.read();
  // Who reads the last of a message that has come whole has passed its end.
  if (!("complete" in stream && stream.complete)) stream.resume();
  return body;
}

function receive(stream: Readable, clock: Clock): Promise<Uint8Array> {
  return new Promise((settle, fail) => {
    const timer = clock.setTimer(uploadTimeoutMs, () => reject(tooSlow()), { unref: true });
    const resolve = (body: Uint8Array) => {
      timer.cancel();
      settle(body);
    };
    const reject = (error: ApiError) => {
      timer.cancel();
      stream.pause();
      fail(error);
    };
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBodyBytes) {
        reject(tooLarge());
      } else chunks.push(chunk);
    });
    stream.on("end", () =>
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size)),
    );
    stream.on("error", (error) => reject(badRequest("the body of the request ended before its end", error)));
    stream.on("aborted", () => reject(badRequest("the client went away before its request was complete")));
  });
}

function tooSlow(): ApiError {
  return new ApiError(
    "Timeout",
    `the body of the request has not arrived within ${uploadTimeoutMs / 1000} s`,
  );
}

function tooLarge(): ApiError {
  return new ApiError(
    "RequestEntityTooLarge",
    `the body of the request is larger than the ${maxBodyBytes} bytes that are accepted`,
  );
}
