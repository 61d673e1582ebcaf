import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { badRequest } from "#base";
import { errorAnswer } from "../pipeline/answers.ts";
import type { Answer, DocumentAnswer, Exchange, HandOver } from "../pipeline/exchange.ts";
import type { Parts } from "../pipeline/parts.ts";
import { handle } from "../pipeline/pipeline.ts";
import { slices } from "../pipeline/slices.ts";
import { readBody } from "./body.ts";
import { compressed } from "./compress.ts";
import { credentialsOf } from "./credentials.ts";
import { sendBody } from "./send-body.ts";
import { WritableSink } from "./writable-sink.ts";

/** Answers one HTTP/1.1 request. Never rejects. */
export async function answerHttp1(
  parts: Parts,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = await handle(parts, exchangeOf(parts, incoming));
  if (response.destroyed) return;
  switch (answer.type) {
    case "document":
      return sendDocument(response, await compressed(answer, incoming.headers, incoming.socket));
    case "stream":
      response.writeHead(answer.status, answer.headers);
      response.flushHeaders();
      return answer.start(new WritableSink(response));
    case "handOver":
      return serve(parts, incoming, response, answer);
  }
}

/** Answers a request that wants the connection for something else than HTTP. Never rejects. */
export async function answerUpgrade(
  parts: Parts,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  socket.on("error", () => socket.destroy());
  const answer = await handle(parts, exchangeOf(parts, incoming));
  try {
    if (answer.type === "handOver" && answer.handler.upgrade) {
      await answer.handler.upgrade(streamRequest(parts, incoming, answer), socket, head);
    } else refuse(socket, asDocument(answer, parts));
  } catch (error) {
    refuse(socket, errorAnswer(error, parts.logger));
  }
}

export function exchangeOf({ machinery }: Parts, incoming: IncomingMessage): Exchange {
  const { headers } = incoming;
  return {
    method: incoming.method ?? "GET",
    target: incoming.url ?? "/",
    headers,
    credentials: () => credentialsOf(incoming.socket as TLSSocket, headers),
    hasBody: Number(headers["content-length"] ?? 0) > 0 || headers["transfer-encoding"] !== undefined,
    readBody: () => readBody(incoming, headers, machinery.clock),
  };
}

async function sendDocument(
  response: ServerResponse,
  { status, headers, body }: DocumentAnswer,
): Promise<void> {
  headers["content-length"] = String(body.length);
  if (status === 413 || status === 504) headers.connection = "close";
  response.writeHead(status, headers);
  await sendBody(response, body);
}

async function serve(
  parts: Parts,
  incoming: IncomingMessage,
  response: ServerResponse,
  answer: HandOver,
): Promise<void> {
  try {
    if (answer.handler.serve) {
      await answer.handler.serve(streamRequest(parts, incoming, answer), response);
    } else await sendDocument(response, asDocument(answer, parts));
  } catch (error) {
    if (response.headersSent) response.destroy();
    else await sendDocument(response, errorAnswer(error, parts.logger));
  }
}

function streamRequest(
  { machinery }: Parts,
  incoming: IncomingMessage,
  { attributes, query }: HandOver,
): Parameters<NonNullable<HandOver["handler"]["serve"]>>[0] {
  return { attributes, incoming, query, read: machinery.read };
}

/** An answer where none but an error can be given. */
export function asDocument(answer: Answer, { logger }: Pick<Parts, "logger">): DocumentAnswer {
  if (answer.type === "document") return answer;
  const why =
    answer.type === "handOver"
      ? "this path is a conversation: it needs an HTTP/1.1 connection that upgrades"
      : "this path cannot be upgraded";
  return errorAnswer(badRequest(why), logger);
}

/** Writes an answer by hand on a connection that the HTTP server has let go of. */
// By `import`, node:http would bring Node's fetch along, 6 MB.
const { STATUS_CODES } = process.getBuiltinModule("node:http");

function refuse(socket: Duplex, { status, headers, body }: DocumentAnswer): void {
  if (socket.destroyed) return;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nconnection: close\r\ncontent-length: ${body.length}\r\n${lines.join("")}\r\n`;
  socket.end(Buffer.concat([Buffer.from(head, "latin1"), ...slices(body)]));
}
