import { once } from "node:events";
import type { Socket } from "node:net";
import { createGzip } from "node:zlib";
import { gzipAboveBytes } from "../limits.ts";
import { type DocumentAnswer, type Exchange, isPieces } from "../pipeline/exchange.ts";
import { headerOf } from "../pipeline/request.ts";
import { slices } from "../pipeline/slices.ts";

/**
 * The answer with a large body compressed, when the client asked for it and is on another machine: within one machine
 * compressing costs ten times what sending saves. The work is done by Node's thread pool.
 */
export async function compressed(
  answer: DocumentAnswer,
  headers: Exchange["headers"],
  socket: Pick<Socket, "remoteAddress"> | undefined,
): Promise<DocumentAnswer> {
  if (answer.body.length < gzipAboveBytes || isLocal(socket?.remoteAddress)) return answer;
  if (!/\bgzip\b/.test(headerOf(headers, "accept-encoding") ?? "")) return answer;
  const body = await gzip(answer.body);
  return {
    ...answer,
    headers: { ...answer.headers, "content-encoding": "gzip", vary: "Accept-Encoding" },
    body,
  };
}

/** Pods of this machine count as far away: their addresses look like anyone's. */
function isLocal(address: string | undefined): boolean {
  return address === undefined || address === "::1" || address.replace(/^::ffff:/, "").startsWith("127.");
}

export async function gzip(body: DocumentAnswer["body"]): Promise<Uint8Array> {
  const stream = createGzip({ level: 1 });
  const chunks: Uint8Array[] = [];
  stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  const ended = once(stream, "end");
  for (const slice of isPieces(body) ? slices(body) : [body]) {
    if (!stream.write(slice)) await once(stream, "drain");
  }
  stream.end();
  await ended;
  return Buffer.concat(chunks);
}
