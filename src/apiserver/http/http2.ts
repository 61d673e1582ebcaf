import type { IncomingMessage, ServerResponse } from "node:http";
import {
  Http2ServerRequest,
  Http2ServerResponse,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { TLSSocket } from "node:tls";
import { errorAnswer } from "../pipeline/answers.ts";
import type { DocumentAnswer, Exchange, HandOver } from "../pipeline/exchange.ts";
import type { Parts } from "../pipeline/parts.ts";
import { handle } from "../pipeline/pipeline.ts";
import { readBody } from "./body.ts";
import { compressed } from "./compress.ts";
import { credentialsOf } from "./credentials.ts";
import { asDocument } from "./http1.ts";
import { sendBody } from "./send-body.ts";
import { WritableSink } from "./writable-sink.ts";

/** Answers one HTTP/2 request. Never rejects. */
export async function answerHttp2(
  parts: Parts,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): Promise<void> {
  // A client that resets its stream is no error of ours; what was being written is dropped.
  stream.on("error", () => {});
  const answer = await handle(parts, exchangeOf(parts, stream, headers));
  if (stream.destroyed) return;
  switch (answer.type) {
    case "document":
      return sendDocument(stream, await compressed(answer, headers, stream.session?.socket));
    case "stream":
      stream.respond({ ":status": answer.status, ...answer.headers });
      return answer.start(new WritableSink(stream));
    case "handOver":
      return serve(parts, stream, headers, answer);
  }
}

function exchangeOf({ machinery }: Parts, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Exchange {
  return {
    method: headers[":method"] ?? "GET",
    target: headers[":path"] ?? "/",
    headers,
    hasBody: !stream.endAfterHeaders,
    credentials: () => credentialsOf(stream.session?.socket as TLSSocket, headers),
    readBody: () => readBody(stream, headers, machinery.clock),
  };
}

async function sendDocument(
  stream: ServerHttp2Stream,
  { status, headers, body }: DocumentAnswer,
): Promise<void> {
  headers["content-length"] = String(body.length);
  stream.respond({ ":status": status, ...headers });
  // To a HEAD request Node has ended the stream already.
  if (stream.writableEnded) return;
  await sendBody(stream, body);
}

/** Gives the stream to a handler in the shape of an HTTP/1.1 exchange, which Node's compatibility layer has. */
async function serve(
  parts: Parts,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  answer: HandOver,
): Promise<void> {
  const { attributes, query, handler } = answer;
  try {
    if (!handler.serve) return await sendDocument(stream, asDocument(answer, parts));
    const incoming = new Http2ServerRequest(stream, headers, {}, []) as unknown as IncomingMessage;
    const response = new Http2ServerResponse(stream) as unknown as ServerResponse;
    await handler.serve({ attributes, incoming, query, read: parts.machinery.read }, response);
  } catch (error) {
    if (stream.headersSent) stream.close();
    else await sendDocument(stream, errorAnswer(error, parts.logger));
  }
}
