import { Answer } from "../../http/answer.ts";

/** What a handler gave, as it is kept. A body alone has no status of its own: it is the route's. */
interface StoredAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export function writeAnswer(result: unknown): string {
  const stored: StoredAnswer =
    result instanceof Answer
      ? { status: result.status, headers: result.headers, body: result.body }
      : { body: result };
  return JSON.stringify(stored);
}

export function readAnswer(text: string): unknown {
  const { status, headers = {}, body } = JSON.parse(text) as StoredAnswer;
  return status === undefined ? body : new Answer(status, body, headers);
}
