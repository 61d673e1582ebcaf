import { type ClientHttp2Stream, constants } from "node:http2";
import { Duplex } from "node:stream";
import { unavailable } from "#base";

/**
 * A conversation with a node as a plain stream. Node's HTTP/2 streams call themselves closed as soon as the other side
 * has finished, while there is still something to read, and pipelines take that for a broken stream. Destroying this
 * one ends the conversation on the node too; when the node breaks off, it fails.
 */
export class NodeStream extends Duplex {
  readonly #stream: ClientHttp2Stream;
  #ended = false;

  constructor(stream: ClientHttp2Stream, node: string) {
    super({ allowHalfOpen: true });
    this.#stream = stream;
    // Whoever handles the conversation hears of its failure too; here it only must not go unheard.
    this.on("error", () => {});
    stream.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) stream.pause();
    });
    stream.once("end", () => {
      if (brokeOff(stream)) return;
      this.#ended = true;
      this.push(null);
    });
    stream.once("close", () => {
      if (!this.#ended) this.destroy(unavailable(`the conversation with node ${node} broke off`));
    });
  }

  override _read(): void {
    this.#stream.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#stream.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#stream.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#stream.closed) this.#stream.close(constants.NGHTTP2_CANCEL);
    // What was not read would keep the HTTP/2 stream alive.
    this.#stream.resume();
    done(error);
  }
}

function brokeOff({ rstCode, aborted }: ClientHttp2Stream): boolean {
  return aborted || (rstCode !== undefined && rstCode !== constants.NGHTTP2_NO_ERROR);
}
