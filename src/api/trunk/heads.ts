/** Names in lower case. */
export type Headers = Readonly<Record<string, string>>;

export interface RequestHead {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Headers;
}

export interface AnswerHead {
  readonly status: number;
  readonly headers: Headers;
}

/** `GET /api/v1/pods?limit=500`, a line feed, and the headers as JSON. */
export function requestHeadText({ method, path, headers }: RequestHead): string {
  return `${method} ${path}\n${JSON.stringify(headers)}`;
}

/** `200`, a line feed, and the headers as JSON. */
export function answerHeadText({ status, headers }: AnswerHead): string {
  return `${status}\n${JSON.stringify(headers)}`;
}

/**
 * Reads the heads of one trunk. A program sends the same few sets of headers again and again: each is read once. What is returned belongs to
 * nobody: never change it. Throws SyntaxError at what is no head.
 */
export class HeadReader {
  readonly #known = new Map<string, Headers>();

  request(text: string): RequestHead {
    const [first, headers] = this.#parts(text);
    const [, method, path] = /^([A-Z]{1,20}) (\/[\x21-\x7e]*)$/.exec(first) ?? [];
    if (method === undefined || path === undefined)
      throw new SyntaxError("a request without method and path");
    return { method, path, headers };
  }

  answer(text: string): AnswerHead {
    const [first, headers] = this.#parts(text);
    if (!/^\d{3}$/.test(first)) throw new SyntaxError("an answer without a status");
    return { status: Number(first), headers };
  }

  #parts(text: string): [first: string, headers: Headers] {
    const end = text.indexOf("\n");
    if (end < 0) throw new SyntaxError("a head without headers");
    return [text.slice(0, end), this.#headers(text.slice(end + 1))];
  }

  #headers(text: string): Headers {
    const known = this.#known.get(text);
    if (known) return known;
    const headers = headersOf(JSON.parse(text));
    if (this.#known.size >= rememberedHeaders) this.#known.clear();
    this.#known.set(text, headers);
    return headers;
  }
}

/** Sets of headers that are remembered of one trunk: the clients of one program send about ten. */
const rememberedHeaders = 32;

function headersOf(value: unknown): Headers {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SyntaxError("headers are an object");
  }
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== "string" || !/^[\t\x20-\x7e\x80-\uffff]*$/.test(text)) {
      throw new SyntaxError("a header is a line of text");
    }
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name))
      throw new SyntaxError("the name of a header is in lower case");
  }
  return value as Headers;
}
