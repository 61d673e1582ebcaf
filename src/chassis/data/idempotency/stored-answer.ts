import { internalError } from "#base";
import { Answer } from "../../http/answer.ts";

/** What a handler gave, as it is kept. A body alone has no status of its own: it is the route's. */
interface StoredAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** In place of a body: bytes, in base64. */
  readonly bytes?: string;
}

/** Throws for a stream: it is gone once it is answered, so nobody who comes again could be given it. */
export function writeAnswer(result: unknown): string {
  const stored: StoredAnswer =
    result instanceof Answer
      ? { status: result.status, headers: result.headers, ...storedBody(result.body) }
      : storedBody(result);
  return JSON.stringify(stored);
}

export function readAnswer(text: string): unknown {
  const { status, headers = {}, bytes, ...stored } = JSON.parse(text) as StoredAnswer;
  const body = bytes === undefined ? stored.body : Buffer.from(bytes, "base64");
  return status === undefined ? body : new Answer(status, body, headers);
}

function storedBody(body: unknown): Pick<StoredAnswer, "body" | "bytes"> {
  if (body instanceof Uint8Array) return { bytes: Buffer.from(body).toString("base64") };
  if (typeof body === "object" && body !== null && Symbol.asyncIterator in body)
    throw internalError(
      "an answer that is a stream cannot be kept under an idempotency key: answer with t.bytes, or with where it is",
    );
  return { body };
}
