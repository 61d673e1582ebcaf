import type { IncomingMessage } from "node:http";
import { messageOf } from "#base";
import { buffer } from "../node-modules.ts";
import { problem } from "./problem.ts";

/**
 * The JSON of a request's body; undefined when there is none. Throws a problem: 413 when it is larger than `maxBytes`, 415 when it is not JSON
 * by its type, 400 when it is not by its text.
 */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  if (!hasBody(request)) return undefined;
  requireJson(request);
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const bytes = await readBytes(request, maxBytes);
  if (bytes.length === 0) return undefined;
  if (!buffer.isUtf8(bytes)) throw problem(400, "the body is not UTF-8");
  const text = bytes.toString();
  const value = parse(text);
  if (mayNamePrototype.test(text) && namesPrototype(value))
    throw problem(400, "the body has a field __proto__, which is taken nowhere");
  return value;
}

/** `__proto__` as it stands, or any of its letters as an escape. */
const mayNamePrototype = /__proto__|\\u00(?:5f|6f|7[024])/i;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw problem(400, `the body is not JSON: ${messageOf(error)}`);
  }
}

/** Whether there is a field that, assigned by a handler to an object of its own, would change what that object is. Without recursion: bodies nest as deep as they like. */
function namesPrototype(value: unknown): boolean {
  const waiting = [value];
  while (waiting.length > 0) {
    const each = waiting.pop();
    if (typeof each !== "object" || each === null) continue;
    if (Object.hasOwn(each, "__proto__")) return true;
    for (const within of Object.values(each)) waiting.push(within);
  }
  return false;
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

function requireJson({ headers }: IncomingMessage): void {
  const type = headers["content-type"];
  if (
    type === undefined ||
    !/^application\/(?:[\w.+-]+\+)?json\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(type)
  ) {
    throw problem(415, `the body is ${type ?? "of no stated type"}, but application/json is taken`, {
      headers: { accept: "application/json" },
    });
  }
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw problem(415, `the body is encoded as ${encoding}, but none is taken`, {
      headers: { "accept-encoding": "identity" },
    });
  }
}

function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let length = 0;
    const take = (piece: Buffer) => {
      length += piece.length;
      if (length <= maxBytes) return void pieces.push(piece);
      // What still comes is read and dropped, so that the sender gets to read the answer.
      request.off("data", take).resume();
      reject(tooLarge(maxBytes));
    };
    request
      .on("data", take)
      .on("end", () => resolve(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)))
      .on("error", reject);
  });
}

function tooLarge(maxBytes: number): Error {
  return problem(413, `the body is larger than the ${maxBytes} bytes that are taken`);
}
