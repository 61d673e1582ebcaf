/** Status and headers of an answer. */
export interface AnswerHead {
  readonly status: number;
  /** Lower-case names; what is given several times is joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What an answer is made of, as it arrives. */
export interface AnswerParts {
  onHead(head: AnswerHead): void;
  onBody(bytes: Uint8Array): void;
  /** The answer is complete; the connection may serve another request if `isKept`. */
  onEnd(how: { readonly isKept: boolean }): void;
}

/**
 * Reads HTTP/1.1 answers out of what a connection brings (RFC 9112). The next answer may begin only after `onEnd` of the one before: requests
 * are not pipelined. Throws at what is no HTTP; then nothing more can be made of the connection.
 */
export class AnswerReader {
  readonly #parts: AnswerParts;
  #state: State = "head";
  /** Of a head or line that is not complete yet. */
  #rest: Buffer | undefined;
  /** Bytes still to come of the body, or of a chunk. */
  #missing = 0;
  #isKept = false;

  constructor(parts: AnswerParts) {
    this.#parts = parts;
  }

  push(bytes: Buffer): void {
    let left: Buffer | undefined = bytes;
    while (left && left.length > 0) left = this.#take(left);
  }

  /** The server sends no more. Returns whether that ends an answer as it should. */
  close(): boolean {
    if (this.#state !== "until closed") return false;
    this.#end();
    return true;
  }

  /** Takes what comes next; returns what is left after it, undefined when more must arrive first. */
  #take(bytes: Buffer): Buffer | undefined {
    switch (this.#state) {
      case "head":
        return this.#upTo(endOfHead, bytes, (text) => this.#head(text));
      case "body":
        return this.#body(bytes, () => this.#end());
      case "chunk size":
        return this.#upTo(endOfLine, bytes, (text) => this.#chunkSize(text));
      case "chunk":
        return this.#body(bytes, () => {
          this.#state = "end of chunk";
        });
      case "end of chunk":
        return this.#upTo(endOfLine, bytes, (text) => {
          if (text !== "") throw notHttp(`a chunk that goes on: ${text}`);
          this.#state = "chunk size";
        });
      case "trailers":
        return this.#upTo(endOfLine, bytes, (text) => text === "" && this.#end());
      case "until closed":
        this.#parts.onBody(bytes);
        return undefined;
    }
  }

  #head(text: string): void {
    const [first = "", ...lines] = text.split("\r\n");
    const [, minor, code] = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(first) ?? [];
    if (code === undefined) throw notHttp(first);
    const status = Number(code);
    // "Continue" and the like: the answer is yet to come.
    if (status < 200) {
      if (status === 101) throw notHttp("an upgrade that nobody asked for");
      return;
    }
    const headers = headersOf(lines);
    const { connection = "" } = headers;
    this.#isKept = minor === "1" ? !/\bclose\b/i.test(connection) : /\bkeep-alive\b/i.test(connection);
    this.#parts.onHead({ status, headers });
    const isChunked = headers["transfer-encoding"] !== undefined;
    const length = headers["content-length"];
    if (status === 204 || status === 304) this.#end();
    else if (isChunked) this.#chunked(headers["transfer-encoding"] ?? "");
    else if (length === undefined) this.#untilClosed();
    else this.#fixed(length);
  }

  #chunked(encoding: string): void {
    if (encoding.toLowerCase() !== "chunked") throw notHttp(`transfer-encoding ${encoding}`);
    this.#state = "chunk size";
  }

  #untilClosed(): void {
    this.#isKept = false;
    this.#state = "until closed";
  }

  #fixed(length: string): void {
    if (!/^\d{1,15}$/.test(length)) throw notHttp(`content-length ${length}`);
    this.#missing = Number(length);
    if (this.#missing === 0) this.#end();
    else this.#state = "body";
  }

  #chunkSize(text: string): void {
    const [, size] = /^([0-9a-f]{1,12})[ \t]*(?:;|$)/i.exec(text) ?? [];
    if (size === undefined) throw notHttp(`a chunk of size ${text}`);
    this.#missing = Number.parseInt(size, 16);
    this.#state = this.#missing === 0 ? "trailers" : "chunk";
  }

  #body(bytes: Buffer, complete: () => void): Buffer | undefined {
    const own = bytes.length > this.#missing ? bytes.subarray(0, this.#missing) : bytes;
    this.#missing -= own.length;
    this.#parts.onBody(own);
    if (this.#missing === 0) complete();
    return own === bytes ? undefined : bytes.subarray(own.length);
  }

  #end(): void {
    this.#state = "head";
    this.#parts.onEnd({ isKept: this.#isKept });
  }

  /** Waits for a mark, and gives the text before it. */
  #upTo(mark: string, bytes: Buffer, take: (text: string) => void): Buffer | undefined {
    const all = this.#rest ? Buffer.concat([this.#rest, bytes]) : bytes;
    const end = all.indexOf(mark, 0, "latin1");
    if (end < 0) {
      if (all.length > mostHeadBytes) throw notHttp(`more than ${mostHeadBytes} bytes before its body`);
      this.#rest = all;
      return undefined;
    }
    this.#rest = undefined;
    take(all.toString("latin1", 0, end));
    return all.subarray(end + mark.length);
  }
}

type State = "head" | "body" | "chunk size" | "chunk" | "end of chunk" | "trailers" | "until closed";

const endOfHead = "\r\n\r\n";
const endOfLine = "\r\n";

/** Four times what Node's own client takes. */
const mostHeadBytes = 64 * 1024;

function headersOf(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon <= 0) throw notHttp(`a header ${line}`);
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const known = headers[name];
    headers[name] = known === undefined ? value : `${known}, ${value}`;
  }
  return headers;
}

function notHttp(what: string): Error {
  return new Error(`the server's answer is no HTTP/1.1: ${what.slice(0, 100)}`);
}
